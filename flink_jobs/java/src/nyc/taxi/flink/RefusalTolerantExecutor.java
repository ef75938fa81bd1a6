package nyc.taxi.flink;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.connector.jdbc.internal.executor.JdbcBatchStatementExecutor;
import org.apache.flink.table.data.RowData;

/**
 * Writes batches of upserts. If Postgres refuses a batch because of the values of a row, writes every other row and
 * sets the refused ones aside. Every other failure is thrown to the caller, which retries the whole batch.
 */
final class RefusalTolerantExecutor implements JdbcBatchStatementExecutor<RowData> {

  private final Supplier<JdbcBatchStatementExecutor<RowData>> writers;
  private final RefusedRows refused;
  private final List<RowData> pending = new ArrayList<>();
  private JdbcBatchStatementExecutor<RowData> writer;
  private Connection connection;

  RefusalTolerantExecutor(Supplier<JdbcBatchStatementExecutor<RowData>> writers, RefusedRows refused) {
    this.writers = writers;
    this.refused = refused;
    this.writer = writers.get();
  }

  @Override
  public void prepareStatements(Connection opened) throws SQLException {
    connection = opened;
    writer.prepareStatements(opened);
    refused.open(opened);
  }

  @Override
  public void addToBatch(RowData row) throws SQLException {
    writer.addToBatch(row);
    pending.add(row);
  }

  @Override
  public void executeBatch() throws SQLException {
    try {
      writer.executeBatch();
      refused.settle(pending);
    } catch (SQLException failure) {
      if (!RefusedRows.isRefusal(failure)) {
        throw failure;
      }
      halve(pending, failure);
      replaceWriter();
    }
    pending.clear();
  }

  private void write(List<RowData> rows) throws SQLException {
    JdbcBatchStatementExecutor<RowData> own = writers.get();
    own.prepareStatements(connection);
    try {
      for (RowData row : rows) {
        own.addToBatch(row);
      }
      own.executeBatch();
      refused.settle(rows);
    } catch (SQLException failure) {
      if (!RefusedRows.isRefusal(failure)) {
        throw failure;
      }
      halve(rows, failure);
    } finally {
      own.closeStatements();
    }
  }

  /** Keeps the order: of several rows with one key the newest remains. */
  private void halve(List<RowData> rows, SQLException failure) throws SQLException {
    if (rows.size() == 1) {
      refused.keep(rows.get(0), failure);
      return;
    }
    int middle = rows.size() / 2;
    write(rows.subList(0, middle));
    write(rows.subList(middle, rows.size()));
  }

  /** The old writer still holds the rows that it could not write. */
  private void replaceWriter() throws SQLException {
    writer.closeStatements();
    writer = writers.get();
    writer.prepareStatements(connection);
  }

  @Override
  public void closeStatements() throws SQLException {
    writer.closeStatements();
  }
}
