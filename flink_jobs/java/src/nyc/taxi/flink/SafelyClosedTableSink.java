package nyc.taxi.flink;

import org.apache.flink.connector.jdbc.internal.GenericJdbcSinkFunction;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.legacy.SinkFunctionProvider;
import org.apache.flink.table.data.RowData;

/** A sink of Flink's {@code jdbc}, whose function is closed safely. */
final class SafelyClosedTableSink implements DynamicTableSink {

  private final DynamicTableSink jdbc;

  SafelyClosedTableSink(DynamicTableSink jdbc) {
    this.jdbc = jdbc;
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return jdbc.getChangelogMode(requested);
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    SinkFunctionProvider provider = (SinkFunctionProvider) jdbc.getSinkRuntimeProvider(context);
    GenericJdbcSinkFunction<RowData> function = (GenericJdbcSinkFunction<RowData>) provider.createSinkFunction();
    return SinkFunctionProvider.of(new SafelyClosedSink(function), provider.getParallelism().orElse(null));
  }

  @Override
  public DynamicTableSink copy() {
    return new SafelyClosedTableSink(jdbc.copy());
  }

  @Override
  public String asSummaryString() {
    return jdbc.asSummaryString();
  }
}
