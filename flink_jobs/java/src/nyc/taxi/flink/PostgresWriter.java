package nyc.taxi.flink;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Buffers rows and writes them before each checkpoint, when there are many, and when the oldest has waited long enough.
 * A slow database slows the job: a writer that writes takes no rows.
 *
 * <p>Where the table has one for refused rows, the rows that Postgres can never store go there, and all others are
 * written. Errors that pass are retried. Any other fails the task, which then reads the rows again.
 */
final class PostgresWriter implements SinkWriter<RowData> {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresWriter.class);

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

  /** A temporary table that stays keeps Postgres from freezing old transaction ids. */
  private static final Duration LONGEST_SESSION = Duration.ofHours(1);

  private final PostgresTable table;
  private final ProcessingTimeService timers;
  private final SinkWriterMetricGroup metrics;
  private final CopyFormat format;
  private final CopyBatch batch;

  /** Null when it was closed: the next write opens another. */
  private PostgresSession session;

  private int written;
  private boolean waits;

  PostgresWriter(PostgresTable table, WriterInitContext context) throws IOException {
    this.table = table;
    this.timers = context.getProcessingTimeService();
    this.metrics = context.metricGroup();
    try {
      this.format = new CopyFormat(table, opened().columnTypes(table.name()));
    } catch (SQLException | RuntimeException failure) {
      close();
      throw new IOException("cannot write " + table.name() + ": " + failure.getMessage(), failure);
    }
    this.batch = new CopyBatch(format);
  }

  @Override
  public void write(RowData row, Context context) throws IOException, InterruptedException {
    try {
      batch.add(row);
    } catch (SQLException refusal) {
      refuse(row, refusal);
      return;
    }
    if (batch.rows() >= table.mostRows() || batch.bytes() >= table.mostBytes()) {
      flush(false);
    } else if (!waits) {
      waits = true;
      timers.registerTimer(timers.getCurrentProcessingTime() + table.longestWait().toMillis(), unused -> endWait());
    }
  }

  private void endWait() throws IOException, InterruptedException {
    waits = false;
    flush(false);
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    if (batch.rows() > 0) {
      long bytes = batch.bytes();
      retried(() -> write(written, batch.rows()));
      metrics.getNumRecordsSendCounter().inc(batch.rows());
      metrics.getNumBytesSendCounter().inc(bytes);
      batch.clear();
      written = 0;
    }
  }

  /** The rows before it come first: one of the same key may be among them. */
  private void refuse(RowData row, SQLException refusal) throws IOException, InterruptedException {
    flush(false);
    retried(() -> keepRefused(row, refusal));
  }

  /** Writes the rows from {@code from} to before {@code to}, in their order: of those with one key the last remains. */
  private void write(int from, int to) throws SQLException {
    try {
      opened().write(format, batch, from, to);
    } catch (SQLException failure) {
      if (to - from > 1 && (SqlState.isRefusal(failure) || SqlState.isRepeatedKey(failure))) {
        int middle = (from + to) >>> 1;
        write(from, middle);
        write(middle, to);
        return;
      }
      if (!SqlState.isRefusal(failure)) {
        throw failure;
      }
      keepRefused(batch.row(from), failure);
    }
    written = to;
  }

  private void keepRefused(RowData row, SQLException refusal) throws SQLException {
    if (table.refusedRows() == null) {
      throw refusal;
    }
    opened().keepRefused(row, refusal);
    metrics.getNumRecordsSendErrorsCounter().inc();
  }

  private interface Attempt {
    void run() throws SQLException;
  }

  private void retried(Attempt attempt) throws IOException, InterruptedException {
    for (int retry = 0; ; retry++) {
      try {
        attempt.run();
        return;
      } catch (SQLException failure) {
        if (!SqlState.isTransient(failure) || retry == table.mostRetries()) {
          throw new IOException("cannot write " + table.name() + ": " + failure.getMessage(), failure);
        }
        LOG.warn("{} is written again: {} {}", table.name(), failure.getSQLState(), failure.getMessage());
        close();
        Thread.sleep(FIRST_BACKOFF.toMillis() << retry);
      }
    }
  }

  private PostgresSession opened() throws SQLException {
    if (session == null) {
      session = new PostgresSession(table);
      long end = timers.getCurrentProcessingTime() + LONGEST_SESSION.toMillis();
      timers.registerTimer(end, unused -> close());
    }
    return session;
  }

  /**
   * Ends the session, writes nothing and never fails. Flink also closes the writer of a failed task, and ends the whole
   * TaskManager, with all other jobs that it runs, when closing fails. Rows that were not written are read again.
   */
  @Override
  public void close() {
    if (session == null) {
      return;
    }
    try {
      session.close();
    } catch (SQLException | RuntimeException failure) {
      LOG.warn("the session of {} did not end cleanly: {}", table.name(), failure.toString());
    }
    session = null;
  }
}
