package nyc.taxi.flink;

import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The rows of one table in the binary format of COPY, and the statements that move them into it: from the session's
 * staging table, which has the key's columns first.
 */
final class CopyFormat {

  /** Postgres searches its schema first: the name must be none that a trigger of the table reads. */
  static final String STAGING_TABLE = "rows_copied_by_the_sink";

  private static final int NULL = -1;

  private final String table;
  private final int columnsOfKey;
  private final List<Column> columns = new ArrayList<>();

  private record Column(String name, int field, LogicalType flinkType, CopyType sentType, String columnType) {

    String quoted() {
      return '"' + name.replace("\"", "\"\"") + '"';
    }

    String declared(boolean isWide) {
      String storage = isWide || !sentType.isOfVariableLength() ? "" : " storage plain";
      return quoted() + ' ' + sentType.postgresName + storage;
    }

    String selected() {
      return columnType.equals(sentType.postgresName) ? quoted() : quoted() + "::" + columnType;
    }
  }

  /** {@code columnTypes} has the types of the table by the names of its columns. */
  CopyFormat(PostgresTable table, Map<String, String> columnTypes) {
    this.table = table.name();
    this.columnsOfKey = table.key().length;
    RowType row = table.row();
    IntStream all = IntStream.range(0, row.getFieldCount());
    IntStream.concat(Arrays.stream(table.key()), all)
        .distinct()
        .forEach(field -> columns.add(column(row, field, columnTypes)));
  }

  private Column column(RowType row, int field, Map<String, String> columnTypes) {
    String name = row.getFieldNames().get(field);
    String columnType = columnTypes.get(name);
    if (columnType == null) {
      throw new IllegalArgumentException(table + " has no column " + name);
    }
    LogicalType type = row.getTypeAt(field);
    return new Column(name, field, type, CopyType.of(type, columnType), columnType);
  }

  /** Appends a row; returns where the values of its key end. */
  int write(RowData row, CopyBytes out) throws SQLException {
    out.putShort(columns.size());
    int endOfKey = 0;
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      if (row.isNullAt(column.field)) {
        out.putInt(NULL);
      } else {
        column.sentType.write(row, column.field, column.flinkType, out);
      }
      endOfKey = i == columnsOfKey - 1 ? out.length() : endOfKey;
    }
    return endOfKey;
  }

  /** Reads a row that was written. */
  RowData read(ByteBuffer in) {
    GenericRowData row = new GenericRowData(in.getShort());
    for (Column column : columns) {
      int length = in.getInt();
      if (length != NULL) {
        row.setField(column.field, column.sentType.read(in.slice(in.position(), length), column.flinkType));
        in.position(in.position() + length);
      }
    }
    return row;
  }

  /**
   * Without values of variable length that it may store elsewhere, the staging table has no TOAST table, which costs
   * more to empty than a small batch to write. Then a row must fit into a page.
   */
  String createStagingTable(boolean isWide) {
    return "create temporary table " + STAGING_TABLE + list(" (", column -> column.declared(isWide), ")", columns)
        + " on commit delete rows";
  }

  String copyToStagingTable() {
    return "copy pg_temp." + STAGING_TABLE + " from stdin (format binary)";
  }

  String upsertFromStagingTable() {
    List<Column> others = columns.subList(columnsOfKey, columns.size());
    return "insert into " + table + list(" (", Column::quoted, ")", columns)
        + list(" select ", Column::selected, "", columns) + " from pg_temp." + STAGING_TABLE
        + list(" on conflict (", Column::quoted, ")", columns.subList(0, columnsOfKey))
        + (others.isEmpty()
            ? " do nothing"
            : list(" do update set ", column -> column.quoted() + " = excluded." + column.quoted(), "", others));
  }

  private static String list(
      String before, Function<Column, String> text, String after, List<Column> columns) {
    return columns.stream().map(text).collect(Collectors.joining(", ", before, after));
  }
}
