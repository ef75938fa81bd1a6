package nyc.taxi.flink;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.clock.RelativeClock;
import org.apache.flink.util.clock.SystemClock;

/**
 * Keeps the watermark of the source across restarts. The source forgets it, while the windows keep theirs and drop
 * records of closed windows.
 *
 * <p>Each record gets {@code closed_until}: the watermark of its partition from the earlier records of that partition,
 * or the emitted watermark, if that is greater. No window has closed beyond it: the windows follow the least watermark
 * of all subtasks. Usually the partition's is the greater, so that the same topic gives the same result however often
 * it is read, by any number of subtasks, and after any restart. The emitted one matters for a partition that was added
 * while the windows advanced without it.
 *
 * <p>A subtask without a partition is idle, so that it holds nothing back. It must not get a partition afterwards: the
 * windows may have closed past the records of that partition, and the subtask cannot know. Then the job restarts from
 * a checkpoint that has the watermarks.
 */
final class RememberWatermark extends AbstractStreamOperator<RowData>
    implements OneInputStreamOperator<RowData, RowData> {

  static final int NO_FIELD = -1;

  private static final long serialVersionUID = 1L;

  /** Keys in the state next to the partition numbers: what a subtask had emitted, and what an idle one had emitted. */
  private static final int EMITTED = -1;

  private static final int EMITTED_IDLE = -2;

  private static final long NONE = Long.MIN_VALUE;

  /** Longer than the lookup and assignment of the topic's partitions takes, even on a busy machine. */
  private static final long IDLE_AFTER_MILLIS = 20_000;

  private final WatermarkStrategy<RowData> strategy;
  private final int partitionField;
  private final boolean givesClosedUntil;
  private final boolean isBounded;

  private transient ListState<Tuple2<Integer, Long>> memory;
  private transient Map<Integer, PartitionClock> clocks;
  private transient long emitted;
  private transient boolean owesRestored;
  private transient boolean isSourceIdle;
  private transient boolean isIdle;
  private transient boolean wasAwakened;
  private transient PartitionClock latest;
  private transient int latestPartition;
  private transient JoinedRowData joined;
  private transient GenericRowData closedUntil;
  private transient StreamRecord<RowData> passedOn;

  RememberWatermark(
      WatermarkStrategy<RowData> strategy, int partitionField, boolean givesClosedUntil, boolean isBounded) {
    this.strategy = strategy;
    this.partitionField = partitionField;
    this.givesClosedUntil = givesClosedUntil;
    this.isBounded = isBounded;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    ListStateDescriptor<Tuple2<Integer, Long>> descriptor =
        new ListStateDescriptor<>("watermarks", Types.TUPLE(Types.INT, Types.LONG));
    OperatorStateStore store = context.getOperatorStateStore();
    // Some subtasks of a bounded source end before others, and then no union state can be checkpointed. A bounded
    // source is never rescaled, so that each subtask finds its own state.
    memory = isBounded ? store.getListState(descriptor) : store.getUnionListState(descriptor);
    clocks = new HashMap<>();
    emitted = NONE;
    restore();
    owesRestored = emitted != NONE;
  }

  private void restore() throws Exception {
    long least = Long.MAX_VALUE;
    long greatestIdle = NONE;
    for (Tuple2<Integer, Long> entry : memory.get()) {
      if (entry.f0 == EMITTED) {
        least = Math.min(least, entry.f1);
      } else if (entry.f0 == EMITTED_IDLE) {
        greatestIdle = Math.max(greatestIdle, entry.f1);
      } else {
        clock(entry.f0).advance(entry.f1);
      }
    }
    emitted = least == Long.MAX_VALUE ? greatestIdle : least;
    Map<Integer, Long> restored = new HashMap<>();
    clocks.forEach((partition, clock) -> restored.put(partition, clock.watermark));
    RestoredClocks.keep(restored);
  }

  @Override
  public void open() throws Exception {
    super.open();
    joined = new JoinedRowData();
    closedUntil = new GenericRowData(1);
    passedOn = new StreamRecord<>(joined);
    afterMillis(0, this::emitRestored);
  }

  @Override
  public void processElement(StreamRecord<RowData> record) throws Exception {
    refuseAwakened();
    emitRestored();
    if (partitionField == NO_FIELD || strategy == null) {
      output.collect(record);
      return;
    }
    RowData row = record.getValue();
    PartitionClock clock = clockOf(row.getInt(partitionField));
    long timestamp = record.getTimestamp();
    output.collect(givesClosedUntil ? withClosedUntil(record, clock.watermark) : record);
    clock.onEvent(row, timestamp);
  }

  /**
   * Returns the operator's own record, which it changes for the next one: as Flink's operators do, those behind it copy
   * what they keep. With object reuse no operator may change a record that came in.
   */
  private StreamRecord<RowData> withClosedUntil(StreamRecord<RowData> record, long watermark) {
    long until = Math.max(watermark, emitted);
    closedUntil.setField(0, until == NONE ? null : TimestampData.fromEpochMillis(until));
    return passedOn.replace(joined.replace(record.getValue(), closedUntil), record.getTimestamp());
  }

  private PartitionClock clockOf(int partition) {
    if (latest == null || latestPartition != partition) {
      latest = clock(partition);
      latestPartition = partition;
      latest.open(strategy, getMetricGroup());
    }
    return latest;
  }

  private PartitionClock clock(int partition) {
    return clocks.computeIfAbsent(partition, unused -> new PartitionClock());
  }

  @Override
  public void processWatermark(Watermark mark) {
    emitRestored();
    if (mark.getTimestamp() > emitted) {
      emitted = mark.getTimestamp();
      output.emitWatermark(mark);
    }
    // A subtask without a partition receives nothing but the end of the topic.
    wasAwakened &= mark.getTimestamp() != Watermark.MAX_WATERMARK.getTimestamp();
  }

  private void emitRestored() {
    if (owesRestored) {
      owesRestored = false;
      output.emitWatermark(new Watermark(emitted));
    }
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) {
    if (isBounded) {
      return; // subtasks without input finish on their own
    }
    isSourceIdle = status.isIdle();
    if (isSourceIdle) {
      afterMillis(IDLE_AFTER_MILLIS, this::becomeIdle);
    } else if (isIdle) {
      wasAwakened = true;
      afterMillis(0, this::refuseAwakened);
    }
  }

  private void becomeIdle() {
    if (isSourceIdle && !isIdle) {
      emitRestored();
      isIdle = true;
      output.emitWatermarkStatus(WatermarkStatus.IDLE);
    }
  }

  private void refuseAwakened() {
    if (wasAwakened) {
      throw new FlinkRuntimeException(
          "a partition was added for a subtask without partitions; the job restarts to read it");
    }
  }

  private void afterMillis(long millis, Runnable action) {
    long now = getProcessingTimeService().getCurrentProcessingTime();
    getProcessingTimeService().registerTimer(now + millis, unused -> action.run());
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    memory.clear();
    memory.add(Tuple2.of(isIdle ? EMITTED_IDLE : EMITTED, emitted));
    for (Map.Entry<Integer, PartitionClock> clock : clocks.entrySet()) {
      memory.add(Tuple2.of(clock.getKey(), clock.getValue().watermark));
    }
  }

  /** The watermark that the records of one partition produce, in their order. */
  private static final class PartitionClock implements WatermarkOutput {

    private long watermark = NONE;
    private WatermarkGenerator<RowData> generator;

    void open(WatermarkStrategy<RowData> strategy, MetricGroup metrics) {
      if (generator == null) {
        generator = strategy.createWatermarkGenerator(new GeneratorContext(metrics));
      }
    }

    void onEvent(RowData row, long timestamp) {
      generator.onEvent(row, timestamp, this);
      generator.onPeriodicEmit(this);
    }

    void advance(long to) {
      watermark = Math.max(watermark, to);
    }

    @Override
    public void emitWatermark(org.apache.flink.api.common.eventtime.Watermark mark) {
      advance(mark.getTimestamp());
    }

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}
  }

  private record GeneratorContext(MetricGroup metrics) implements WatermarkGeneratorSupplier.Context {

    @Override
    public MetricGroup getMetricGroup() {
      return metrics;
    }

    @Override
    public RelativeClock getInputActivityClock() {
      return SystemClock.getInstance();
    }
  }
}
