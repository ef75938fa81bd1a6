package nyc.taxi.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * Takes the place of the job's sinks in `./taxi bench peers`: drops every row, and adds up those of the windows. It
 * accepts the options of any sink.
 */
public final class DigestTableFactory implements DynamicTableSinkFactory {
  private static final String WINDOWS = "on_time_fares_15m";
  private static final List<String> ADDED_UP = List.of("pickup_zone_id", "window_end", "trips", "total_amount_cents");

  @Override
  public String factoryIdentifier() {
    return "bench-digest";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    Map<String, String> options = context.getCatalogTable().getOptions();
    if (!options.getOrDefault("table-name", "").endsWith(WINDOWS)) {
      return new DigestTableSink(new int[0], List.of());
    }
    List<String> names = context.getCatalogTable().getResolvedSchema().getColumnNames();
    int[] places = ADDED_UP.stream().mapToInt(names::indexOf).toArray();
    List<LogicalType> types = context.getPhysicalRowDataType().getLogicalType().getChildren();
    return new DigestTableSink(places, List.copyOf(types));
  }
}
