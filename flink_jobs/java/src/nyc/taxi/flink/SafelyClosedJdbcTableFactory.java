package nyc.taxi.flink;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.connector.jdbc.core.table.JdbcDynamicTableFactory;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * The connector {@code jdbc-safely-closed}: Flink's {@code jdbc} as a sink into Postgres, whose failure ends only its
 * own job. Its options are those of {@code jdbc}, and {@code refused-rows.table-name}.
 */
public final class SafelyClosedJdbcTableFactory implements DynamicTableSinkFactory {

  static final ConfigOption<String> REFUSED_ROWS =
      ConfigOptions.key("refused-rows.table-name")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Dead-letter table for rows whose values Postgres refuses. If it is not set, such a row fails the"
                  + " job.");

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
    Set<ConfigOption<?>> options = new HashSet<>(jdbc.optionalOptions());
    options.add(REFUSED_ROWS);
    return options;
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    Map<String, String> options = new HashMap<>(context.getCatalogTable().getOptions());
    String refusedRows = options.remove(REFUSED_ROWS.key());
    return new SafelyClosedTableSink(jdbc.createDynamicTableSink(with(context, options)), refusedRows);
  }

  /** Flink's factory rejects unknown options. */
  private static Context with(Context context, Map<String, String> options) {
    return new FactoryUtil.DefaultDynamicTableContext(
        context.getObjectIdentifier(),
        context.getCatalogTable().copy(options),
        context.getEnrichmentOptions(),
        context.getConfiguration(),
        context.getClassLoader(),
        context.isTemporary());
  }
}
