package nyc.taxi.flink;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.connector.jdbc.core.table.JdbcDynamicTableFactory;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;

/**
 * The connector {@code jdbc-safely-closed}: Flink's {@code jdbc} as a sink, whose failure ends its job and nothing
 * else. Its options are those of {@code jdbc}.
 */
public final class SafelyClosedJdbcTableFactory implements DynamicTableSinkFactory {

  private final JdbcDynamicTableFactory jdbc = new JdbcDynamicTableFactory();

  @Override
  public String factoryIdentifier() {
    return "jdbc-safely-closed";
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
    return new SafelyClosedTableSink(jdbc.createDynamicTableSink(context));
  }
}
