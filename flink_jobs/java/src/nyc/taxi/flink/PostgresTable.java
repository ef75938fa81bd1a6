package nyc.taxi.flink;

import java.io.Serializable;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.apache.flink.table.types.logical.RowType;

/**
 * A table to write, and how.
 *
 * @param user null where the driver finds the login on its own, in the URL and in PGPASSFILE
 * @param key the places of the key's columns in {@code row}, in the order of the key
 * @param refusedRows the table of dead letters; null where a refused row fails the job
 */
record PostgresTable(
    String url,
    String user,
    String password,
    String name,
    RowType row,
    int[] key,
    String refusedRows,
    int mostRows,
    long mostBytes,
    Duration longestWait,
    int mostRetries)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Uses the driver directly: DriverManager does not find one of a job's own class loader. */
  Connection connect() throws SQLException {
    Properties login = new Properties();
    if (user != null) {
      login.setProperty("user", user);
      login.setProperty("password", password == null ? "" : password);
    }
    Connection connection = new org.postgresql.Driver().connect(url, login);
    if (connection == null) {
      throw new IllegalArgumentException("not a URL of Postgres: " + url);
    }
    return connection;
  }
}
