package nyc.taxi.flink;

import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.types.RowKind;

/** A table of Postgres that takes inserts and updates by its key, and no deletes. */
record PostgresTableSink(PostgresTable table) implements DynamicTableSink {

  private static final ChangelogMode UPSERTS =
      ChangelogMode.newBuilder().addContainedKind(RowKind.INSERT).addContainedKind(RowKind.UPDATE_AFTER).build();

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return UPSERTS;
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return SinkV2Provider.of(new PostgresSink(table));
  }

  @Override
  public DynamicTableSink copy() {
    return this;
  }

  @Override
  public String asSummaryString() {
    return "Postgres table " + table.name();
  }
}
