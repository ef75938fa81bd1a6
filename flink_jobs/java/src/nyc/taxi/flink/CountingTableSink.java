package nyc.taxi.flink;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;

/**
 * Counts rows regardless of their event time: first in each subtask, at almost no cost, then by key, in state that is
 * exact after any restart.
 */
final class CountingTableSink implements DynamicTableSink {

  private final String name;
  private final PostgresTable counts;

  CountingTableSink(String name, PostgresTable counts) {
    this.name = name;
    this.counts = counts;
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return ChangelogMode.insertOnly();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return new DataStreamSinkProvider() {
      @Override
      public DataStreamSink<?> consumeDataStream(ProviderContext names, DataStream<RowData> rows) {
        return written(rows);
      }
    };
  }

  private DataStreamSink<RowData> written(DataStream<RowData> rows) {
    SingleOutputStreamOperator<RowData> folded =
        rows.transform("fold counts", rows.getType(), new FoldCounts()).setDescription(described("FoldCounts"));
    return folded
        .keyBy(CountingTableSink::typeAndDay, Types.STRING)
        .process(new AddUpCounts(), rows.getType())
        .setDescription(described("AddUpCounts"))
        .sinkTo(new PostgresSink(counts))
        .setDescription(described("Sink"));
  }

  private static String typeAndDay(RowData row) {
    return row.getString(0) + "/" + AddUpCounts.dayOf(row.getTimestamp(1, 3));
  }

  private String described(String operator) {
    return operator + "(table=[" + name + "])";
  }

  @Override
  public DynamicTableSink copy() {
    return new CountingTableSink(name, counts);
  }

  @Override
  public String asSummaryString() {
    return "counts in Postgres table " + counts.name();
  }
}
