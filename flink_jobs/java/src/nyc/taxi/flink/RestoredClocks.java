package nyc.taxi.flink;

import java.util.Map;

/**
 * The watermarks of partitions that a task was restored with. {@link RememberWatermark}, which keeps them in its
 * state, passes them to the reader of the source, which is chained before it and runs in the same thread.
 */
final class RestoredClocks {

  private static final ThreadLocal<Map<Integer, Long>> OF_TASK = new ThreadLocal<>();

  private RestoredClocks() {}

  static void keep(Map<Integer, Long> byPartition) {
    OF_TASK.set(byPartition);
  }

  /**
   * Returns the watermark of the partition of a split, by its id such as {@code trips-0}, or null where none is known.
   */
  static Long ofSplit(String splitId) {
    Map<Integer, Long> clocks = OF_TASK.get();
    return clocks == null ? null : clocks.get(Integer.valueOf(splitId.substring(splitId.lastIndexOf('-') + 1)));
  }
}
