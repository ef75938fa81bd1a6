package nyc.taxi.flink;

import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.TreeMap;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * Drives one RememberWatermark by the lines of standard input, and prints each output on a line. All records are one
 * object, as an upstream operator may pass them on with object reuse.
 */
public final class WatermarkProbe {

  private static final long DISORDER = 60;

  private final List<Tuple2<Integer, Long>> state = new ArrayList<>();
  private final TreeMap<Long, List<ProcessingTimeCallback>> timers = new TreeMap<>();
  private final RememberWatermark operator;
  private final GenericRowData row = new GenericRowData(2);
  private final StreamRecord<RowData> reused = new StreamRecord<>(row, 0);
  private long now;

  private WatermarkProbe(boolean isBounded) throws Exception {
    WatermarkStrategy<RowData> strategy = context -> new Generator();
    operator = new RememberWatermark(strategy, 1, true, isBounded);
    Wiring.set(operator, "output", Wiring.fake(Output.class, this::output));
    Wiring.set(operator, "processingTimeService", Wiring.fake(ProcessingTimeService.class, this::processingTime));
  }

  public static void main(String[] arguments) throws Exception {
    WatermarkProbe probe = new WatermarkProbe(arguments.length > 0);
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      try {
        probe.obey(lines.nextLine().split(" "));
      } catch (RuntimeException failure) {
        System.out.println("failed: " + failure.getClass().getSimpleName());
      }
    }
  }

  private void obey(String[] words) throws Exception {
    switch (words[0]) {
      case "entry" -> state.add(Tuple2.of(Integer.parseInt(words[1]), Long.parseLong(words[2])));
      case "open" -> open();
      case "record" -> record(Integer.parseInt(words[1]), Long.parseLong(words[2]));
      case "watermark" -> operator.processWatermark(
          new org.apache.flink.streaming.api.watermark.Watermark(Long.parseLong(words[1])));
      case "idle" -> operator.processWatermarkStatus(WatermarkStatus.IDLE);
      case "active" -> operator.processWatermarkStatus(WatermarkStatus.ACTIVE);
      case "split" -> System.out.println(words[1] + " from " + RestoredClocks.ofSplit(words[1]));
      case "wait" -> pass(Long.parseLong(words[1]));
      default -> snapshot();
    }
  }

  private void open() throws Exception {
    OperatorStateStore store = Wiring.fake(OperatorStateStore.class, (proxy, method, arguments) -> {
      System.out.println(method.getName());
      return Wiring.fake(ListState.class, this::listState);
    });
    operator.initializeState(
        Wiring.fake(StateInitializationContext.class, (proxy, method, arguments) ->
            method.getName().equals("getOperatorStateStore") ? store : null));
    operator.open();
  }

  private void record(int partition, long eventTime) throws Exception {
    row.setField(0, eventTime);
    row.setField(1, partition);
    reused.setTimestamp(eventTime);
    operator.processElement(reused);
    if (reused.getValue() != row || row.getArity() != 2) {
      System.out.println("the record that came in was changed");
    }
  }

  private void pass(long millis) throws Exception {
    now += millis;
    while (!timers.isEmpty() && timers.firstKey() <= now) {
      for (ProcessingTimeCallback timer : timers.pollFirstEntry().getValue()) {
        timer.onProcessingTime(now);
      }
    }
  }

  private void snapshot() throws Exception {
    operator.snapshotState((org.apache.flink.runtime.state.StateSnapshotContext) null);
    state.stream().map(entry -> "entry " + entry.f0 + " " + entry.f1).sorted().forEach(System.out::println);
  }

  private Object output(Object proxy, java.lang.reflect.Method method, Object[] arguments) {
    if (arguments[0] instanceof StreamRecord<?> record) {
      RowData row = (RowData) record.getValue();
      Object closed = row.isNullAt(2) ? "never" : row.getTimestamp(2, 3).getMillisecond();
      long eventTime = row.getLong(0);
      if (record.getTimestamp() != eventTime) {
        System.out.println("timestamp " + record.getTimestamp());
      }
      System.out.println("record " + row.getInt(1) + " " + eventTime + " closed until " + closed);
    } else if (arguments[0] instanceof org.apache.flink.streaming.api.watermark.Watermark mark) {
      System.out.println("watermark " + mark.getTimestamp());
    } else {
      System.out.println(((WatermarkStatus) arguments[0]).isIdle() ? "idle" : "active");
    }
    return null;
  }

  private Object processingTime(Object proxy, java.lang.reflect.Method method, Object[] arguments) {
    if (method.getName().equals("registerTimer")) {
      timers.computeIfAbsent((Long) arguments[0], at -> new ArrayList<>()).add((ProcessingTimeCallback) arguments[1]);
      return null;
    }
    return now;
  }

  @SuppressWarnings("unchecked")
  private Object listState(Object proxy, java.lang.reflect.Method method, Object[] arguments) {
    switch (method.getName()) {
      case "get":
        return state;
      case "clear":
        state.clear();
        return null;
      default:
        return state.add((Tuple2<Integer, Long>) arguments[0]);
    }
  }

  private static final class Generator implements WatermarkGenerator<RowData> {

    private long watermark = Long.MIN_VALUE;

    @Override
    public void onEvent(RowData row, long eventTime, WatermarkOutput output) {
      watermark = Math.max(watermark, row.getLong(0) - DISORDER);
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
      output.emitWatermark(new Watermark(watermark));
    }
  }
}
