package nyc.taxi.flink;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;

/**
 * Merges rows with the same text and quarter of an hour into one row with their number. It buffers them for a second,
 * and emits all of them before a checkpoint, so that it needs no state.
 */
final class FoldCounts extends AbstractStreamOperator<RowData> implements OneInputStreamOperator<RowData, RowData> {

  static final long QUARTER_MILLIS = 15L * 60 * 1000;

  private static final long serialVersionUID = 1L;
  private static final long HOLD_MILLIS = 1_000;
  private static final int MOST_KEYS = 10_000;

  private transient Map<Key, long[]> counts;
  private transient Key latest;
  private transient StringData latestText;
  private transient long[] latestCount;

  private record Key(String text, long quarterMillis) {}

  @Override
  public void open() throws Exception {
    super.open();
    counts = new HashMap<>();
    flushLater();
  }

  @Override
  public void processElement(StreamRecord<RowData> record) {
    RowData row = record.getValue();
    long millis = row.getTimestamp(1, 3).getMillisecond();
    long quarter = Math.floorDiv(millis, QUARTER_MILLIS) * QUARTER_MILLIS;
    StringData text = row.getString(0);
    if (latest == null || latest.quarterMillis != quarter || !latestText.equals(text)) {
      latest = new Key(text.toString(), quarter);
      latestText = StringData.fromString(latest.text);
      latestCount = counts.computeIfAbsent(latest, unused -> new long[1]);
    }
    latestCount[0]++;
    if (counts.size() >= MOST_KEYS) {
      flush();
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    flush();
  }

  @Override
  public void finish() throws Exception {
    flush();
    super.finish();
  }

  private void flush() {
    for (Map.Entry<Key, long[]> entry : counts.entrySet()) {
      GenericRowData folded = new GenericRowData(3);
      folded.setField(0, StringData.fromString(entry.getKey().text));
      folded.setField(1, TimestampData.fromEpochMillis(entry.getKey().quarterMillis));
      folded.setField(2, entry.getValue()[0]);
      output.collect(new StreamRecord<>(folded));
    }
    counts.clear();
    latest = null;
  }

  private void flushLater() {
    long now = getProcessingTimeService().getCurrentProcessingTime();
    getProcessingTimeService()
        .registerTimer(
            now + HOLD_MILLIS,
            unused -> {
              flush();
              flushLater();
            });
  }
}
