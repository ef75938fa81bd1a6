package nyc.taxi.flink;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.data.RowData;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * A connection that writes batches into one table, each in a transaction: COPY into a staging table of the session,
 * and one upsert from there.
 */
final class PostgresSession implements AutoCloseable {

  /** Half of a page. The bytes of COPY and those of a stored row differ by some, for each column. */
  private static final int LONGEST_ROW_OF_A_PAGE = 4_000;

  private final Connection connection;
  private final RefusedRows refused;
  private PreparedStatement upsert;
  private boolean isWide;

  PostgresSession(PostgresTable table) throws SQLException {
    connection = table.connect();
    try {
      connection.setAutoCommit(false);
      refused = table.refusedRows() == null ? null : new RefusedRows(connection, table);
      connection.commit();
    } catch (SQLException | RuntimeException failure) {
      close();
      throw failure;
    }
  }

  /** Returns the types of the table by the names of its columns; a type without its length, which would cut texts. */
  Map<String, String> columnTypes(String table) throws SQLException {
    Map<String, String> types = new HashMap<>();
    String lookUp =
        "select attname, format_type(atttypid, -1) from pg_attribute"
            + " where attrelid = ?::regclass and attnum > 0 and not attisdropped";
    try (PreparedStatement statement = connection.prepareStatement(lookUp)) {
      statement.setString(1, table);
      ResultSet found = statement.executeQuery();
      while (found.next()) {
        types.put(found.getString(1), found.getString(2));
      }
    }
    connection.commit();
    return types;
  }

  /** Writes the rows from {@code from} to before {@code to}, or none of them. */
  void write(CopyFormat format, CopyBatch rows, int from, int to) throws SQLException {
    inTransaction(
        () -> {
          prepare(format, rows.longestRow() > LONGEST_ROW_OF_A_PAGE);
          copy(format, rows, from, to);
          upsert.executeUpdate();
          if (refused != null) {
            refused.settle(rows, from, to);
          }
        });
  }

  /** Puts a row that Postgres has refused aside. */
  void keepRefused(RowData row, SQLException refusal) throws SQLException {
    inTransaction(() -> refused.keep(row, refusal));
  }

  private void prepare(CopyFormat format, boolean mustBeWide) throws SQLException {
    if (upsert != null && (isWide || !mustBeWide)) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("drop table if exists pg_temp." + CopyFormat.STAGING_TABLE);
      statement.execute(format.createStagingTable(mustBeWide));
    }
    upsert = connection.prepareStatement(format.upsertFromStagingTable());
    isWide = mustBeWide;
    // Or an error of the first rows would drop the table again.
    connection.commit();
  }

  private void copy(CopyFormat format, CopyBatch rows, int from, int to) throws SQLException {
    CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(format.copyToStagingTable());
    try {
      rows.send(from, to, copy);
    } catch (SQLException failure) {
      if (copy.isActive()) {
        suppressed(copy::cancelCopy, failure);
      }
      throw failure;
    }
  }

  private interface Work {
    void run() throws SQLException;
  }

  private void inTransaction(Work work) throws SQLException {
    try {
      work.run();
      connection.commit();
    } catch (SQLException failure) {
      suppressed(connection::rollback, failure);
      throw failure;
    }
  }

  private static void suppressed(Work work, SQLException failure) {
    try {
      work.run();
    } catch (SQLException consequence) {
      failure.addSuppressed(consequence);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
