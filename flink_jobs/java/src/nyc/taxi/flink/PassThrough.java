package nyc.taxi.flink;

import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.table.types.inference.TypeStrategies;

/**
 * A function that returns its last argument, with the same type, and counts it.
 *
 * <p>It is not deterministic, so that the planner neither omits a call nor duplicates it. In the projection of one
 * insert, next to columns that are used anyway, it is called once per row.
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
