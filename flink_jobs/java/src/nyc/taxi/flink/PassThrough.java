package nyc.taxi.flink;

import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.table.types.inference.TypeStrategies;

/**
 * A function that hands its last argument on, of unchanged type, and counts as it does.
 *
 * <p>It is not deterministic, so that the planner neither leaves a call out nor makes two of one. Beside columns that
 * are used anyway, in the projection of one insert, it is called once a row.
 */
public abstract class PassThrough extends ScalarFunction {

  private static final long serialVersionUID = 1L;

  private final int arguments;

  transient TaxiCounters counters;

  PassThrough(int arguments) {
    this.arguments = arguments;
  }

  @Override
  public void open(FunctionContext context) {
    counters = new TaxiCounters(context.getMetricGroup());
  }

  @Override
  public boolean isDeterministic() {
    return false;
  }

  @Override
  public TypeInference getTypeInference(DataTypeFactory types) {
    return TypeInference.newBuilder()
        .inputTypeStrategy(
            arguments == 2
                ? InputTypeStrategies.sequence(InputTypeStrategies.ANY, InputTypeStrategies.ANY)
                : InputTypeStrategies.sequence(
                    InputTypeStrategies.ANY, InputTypeStrategies.ANY, InputTypeStrategies.ANY))
        .outputTypeStrategy(TypeStrategies.argument(arguments - 1))
        .build();
  }
}
