package nyc.taxi.flink;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.InputStatus;

/**
 * Marks its subtask idle from the start until it gets its first split, and has each restored split continue from its
 * last watermark: a split without further records would hold back the others indefinitely.
 */
final class IdleWhenEmptyReader<T, S extends SourceSplit> implements SourceReader<T, S> {

  private final SourceReader<T, S> reader;
  private final CompletableFuture<Void> firstSplits = new CompletableFuture<>();
  private final List<S> splitsToRestore = new ArrayList<>();
  private boolean isIdle;

  IdleWhenEmptyReader(SourceReader<T, S> reader) {
    this.reader = reader;
  }

  @Override
  public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
    if (isIdle == firstSplits.isDone()) {
      isIdle = !isIdle;
      if (isIdle) {
        output.markIdle();
      } else {
        output.markActive();
      }
    }
    restoreClocks(output);
    return reader.pollNext(output);
  }

  private void restoreClocks(ReaderOutput<T> output) {
    // Create all outputs first: a split without an output would not hold back the watermarks of the others.
    splitsToRestore.forEach(split -> output.createOutputForSplit(split.splitId()));
    for (S split : splitsToRestore) {
      Long watermark = RestoredClocks.ofSplit(split.splitId());
      if (watermark != null) {
        output.createOutputForSplit(split.splitId()).emitWatermark(new Watermark(watermark));
      }
    }
    splitsToRestore.clear();
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    // A partition without records completes no future, yet its subtask is not idle any more.
    return isIdle
        ? CompletableFuture.anyOf(reader.isAvailable(), firstSplits).thenAccept(unused -> {})
        : reader.isAvailable();
  }

  @Override
  public void addSplits(List<S> splits) {
    reader.addSplits(splits);
    splitsToRestore.addAll(splits);
    if (!splits.isEmpty()) {
      firstSplits.complete(null);
    }
  }

  @Override
  public void start() {
    reader.start();
  }

  @Override
  public List<S> snapshotState(long checkpointId) {
    return reader.snapshotState(checkpointId);
  }

  @Override
  public void notifyNoMoreSplits() {
    reader.notifyNoMoreSplits();
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    reader.handleSourceEvents(event);
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    reader.notifyCheckpointComplete(checkpointId);
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) throws Exception {
    reader.notifyCheckpointAborted(checkpointId);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> toPause, Collection<String> toResume) {
    reader.pauseOrResumeSplits(toPause, toResume);
  }

  @Override
  public void close() throws Exception {
    reader.close();
  }
}
