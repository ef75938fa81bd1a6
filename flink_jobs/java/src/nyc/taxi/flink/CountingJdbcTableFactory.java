package nyc.taxi.flink;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;

/**
 * The connector {@code jdbc-counting}: {@code jdbc-safely-closed} for a table {@code (TEXT, TIMESTAMP, BIGINT)} that
 * counts the incoming rows by their text and the quarter of an hour of their clock. It has the same options.
 */
public final class CountingJdbcTableFactory implements DynamicTableSinkFactory {

  private final SafelyClosedJdbcTableFactory jdbc = new SafelyClosedJdbcTableFactory();

  @Override
  public String factoryIdentifier() {
    return "jdbc-counting";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return jdbc.requiredOptions();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return jdbc.optionalOptions();
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    String table = context.getObjectIdentifier().asSummaryString();
    return new CountingTableSink(table, jdbc.createDynamicTableSink(context));
  }
}
