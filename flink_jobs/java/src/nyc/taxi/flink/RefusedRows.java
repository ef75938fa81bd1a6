package nyc.taxi.flink;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of one table that Postgres refuses. They become dead letters: the topic is the name of the table, the
 * offset is a number derived from the row's key, and the payload is the row as JSON. A row that is written later, for
 * example because a constraint was dropped, is no longer a dead letter.
 */
final class RefusedRows {

  static final String ERROR_CLASS = "refused_by_sink";

  private static final Logger LOG = LoggerFactory.getLogger(RefusedRows.class);
  private static final int LONGEST_ERROR = 1000;
  private static final String OF_TABLE = " where topic = ? and partition = 0";

  private final Connection connection;
  private final String deadLetters;
  private final String table;
  private final RowAsText texts;
  private final int[] key;
  private final Set<Long> known = new HashSet<>();

  RefusedRows(Connection connection, PostgresTable table) throws SQLException {
    this.connection = connection;
    this.deadLetters = table.refusedRows();
    this.table = table.name().substring(table.name().lastIndexOf('.') + 1);
    this.texts = new RowAsText(table.row());
    this.key = table.key();
    String lookUp = "select kafka_offset from " + deadLetters + OF_TABLE;
    try (PreparedStatement statement = connection.prepareStatement(lookUp)) {
      statement.setString(1, this.table);
      ResultSet found = statement.executeQuery();
      while (found.next()) {
        known.add(found.getLong(1));
      }
    }
  }

  void keep(RowData row, SQLException failure) throws SQLException {
    String error = failure.getSQLState() + " in " + table + ": " + firstWords(failure);
    LOG.warn("Postgres refused a row; storing it as a dead letter: {}", error);
    String upsert =
        "insert into "
            + deadLetters
            + " (topic, partition, kafka_offset, arrived_at, error_class, error, payload)"
            + " values (?, 0, ?, ?, ?, ?, ?)"
            + " on conflict (topic, partition, kafka_offset) do update"
            + " set arrived_at = excluded.arrived_at, error = excluded.error, payload = excluded.payload";
    try (PreparedStatement statement = connection.prepareStatement(upsert)) {
      statement.setString(1, table);
      statement.setLong(2, number(row));
      statement.setObject(3, LocalDateTime.now(ZoneOffset.UTC));
      statement.setString(4, ERROR_CLASS);
      statement.setString(5, error);
      statement.setBytes(6, texts.json(row).getBytes(StandardCharsets.UTF_8));
      statement.executeUpdate();
    }
    known.add(number(row));
  }

  /** Deletes the earlier refusals of rows that are written now. */
  void settle(CopyBatch rows, int from, int to) throws SQLException {
    if (known.isEmpty()) {
      return;
    }
    Set<Long> written =
        IntStream.range(from, to)
            .mapToObj(place -> number(rows.row(place)))
            .filter(known::contains)
            .collect(Collectors.toSet());
    if (written.isEmpty()) {
      return;
    }
    String delete = "delete from " + deadLetters + OF_TABLE + " and kafka_offset = any(?)";
    try (PreparedStatement statement = connection.prepareStatement(delete)) {
      statement.setString(1, table);
      statement.setArray(2, connection.createArrayOf("int8", written.toArray()));
      statement.executeUpdate();
    }
    known.removeAll(written);
  }

  /** The same number for every row of one key, in every run. */
  private long number(RowData row) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(texts.join(row, key).getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong() & Long.MAX_VALUE;
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String firstWords(SQLException failure) {
    String words = String.valueOf(failure.getMessage()).replace('\0', ' ');
    return words.length() <= LONGEST_ERROR ? words : words.substring(0, LONGEST_ERROR);
  }
}
