package nyc.taxi.flink;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Scanner;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;

/**
 * Drives one FoldCounts by the lines of standard input, and prints each row that it emits. All rows are one object over
 * one array of bytes, as an upstream operator may pass them on with object reuse.
 */
public final class FoldProbe {

  private final FoldCounts operator = new FoldCounts();
  private final byte[] text = new byte[10];
  private final GenericRowData row = new GenericRowData(3);
  private final StreamRecord<RowData> reused = new StreamRecord<>(row);
  private ProcessingTimeCallback timer;

  private FoldProbe() throws Exception {
    Wiring.set(operator, "output", Wiring.fake(Output.class, (proxy, method, arguments) -> emitted(arguments[0])));
    Wiring.set(
        operator,
        "processingTimeService",
        Wiring.fake(ProcessingTimeService.class, (proxy, method, arguments) -> time(arguments)));
    operator.open();
  }

  public static void main(String[] arguments) throws Exception {
    FoldProbe probe = new FoldProbe();
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      probe.obey(lines.nextLine().split(" "));
    }
  }

  private void obey(String[] words) throws Exception {
    switch (words[0]) {
      case "row" -> record(words[1], Long.parseLong(words[2]));
      case "second" -> timer.onProcessingTime(0);
      case "checkpoint" -> operator.prepareSnapshotPreBarrier(1);
      default -> operator.finish();
    }
  }

  private void record(String written, long clockMillis) {
    byte[] utf8 = written.getBytes(StandardCharsets.UTF_8);
    Arrays.fill(text, (byte) '-');
    System.arraycopy(utf8, 0, text, 0, utf8.length);
    row.setField(0, StringData.fromBytes(text, 0, utf8.length));
    row.setField(1, TimestampData.fromEpochMillis(clockMillis));
    operator.processElement(reused);
  }

  private static Object emitted(Object record) {
    RowData folded = (RowData) ((StreamRecord<?>) record).getValue();
    long quarter = folded.getTimestamp(1, 3).getMillisecond();
    System.out.println(folded.getString(0) + " " + quarter + " " + folded.getLong(2));
    return null;
  }

  private Object time(Object[] arguments) {
    if (arguments == null) {
      return 0L;
    }
    timer = (ProcessingTimeCallback) arguments[1];
    return null;
  }
}
