package nyc.taxi.flink;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;

/**
 * The connector {@code postgres-counting}: {@code postgres-upsert} for a table {@code (TEXT, TIMESTAMP, BIGINT)} that
 * counts the incoming rows by their text and the quarter of an hour of their clock. It has the same options.
 */
public final class CountingTableFactory implements DynamicTableSinkFactory {

  private final PostgresTableFactory postgres = new PostgresTableFactory();

  @Override
  public String factoryIdentifier() {
    return "postgres-counting";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return postgres.requiredOptions();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return postgres.optionalOptions();
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    String table = context.getObjectIdentifier().asSummaryString();
    return new CountingTableSink(table, postgres.table(context));
  }
}
