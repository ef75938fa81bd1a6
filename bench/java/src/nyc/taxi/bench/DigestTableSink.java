package nyc.taxi.bench;

import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;

/** Drops rows; adds up the columns at four places: zone, end of the window, trips and cents. None are added up without. */
final class DigestTableSink implements DynamicTableSink {
  private final int[] places;
  private final List<LogicalType> types;

  DigestTableSink(int[] places, List<LogicalType> types) {
    this.places = places;
    this.types = types;
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return requested;
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    RowData.FieldGetter[] getters =
        Arrays.stream(places)
            .mapToObj(place -> RowData.createFieldGetter(types.get(place), place))
            .toArray(RowData.FieldGetter[]::new);
    return SinkV2Provider.of(new DroppingSink(getters));
  }

  @Override
  public DynamicTableSink copy() {
    return new DigestTableSink(places, types);
  }

  @Override
  public String asSummaryString() {
    return "bench-digest";
  }

  private static final class Shared {
    static final Digest DIGEST = new Digest();
  }

  private record DroppingSink(RowData.FieldGetter[] getters) implements Sink<RowData> {
    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) {
      return new Writer(getters);
    }
  }

  private record Writer(RowData.FieldGetter[] getters) implements SinkWriter<RowData> {
    @Override
    public void write(RowData row, Context context) {
      if (getters.length > 0) {
        TimestampData end = (TimestampData) getters[1].getFieldOrNull(row);
        Shared.DIGEST.add(number(row, 0), end.getMillisecond(), number(row, 2), number(row, 3));
      }
    }

    private long number(RowData row, int column) {
      return ((Number) getters[column].getFieldOrNull(row)).longValue();
    }

    @Override
    public void flush(boolean endOfInput) {}

    @Override
    public void close() {}
  }
}
