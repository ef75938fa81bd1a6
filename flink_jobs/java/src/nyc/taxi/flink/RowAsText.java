package nyc.taxi.flink;

import java.io.Serializable;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** The values of a row as texts that Postgres can parse, by {@code jsonb_populate_record} for example. */
final class RowAsText implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String[] names;
  private final LogicalType[] types;
  private final RowData.FieldGetter[] getters;

  RowAsText(RowType row) {
    names = row.getFieldNames().toArray(new String[0]);
    types = row.getChildren().toArray(new LogicalType[0]);
    getters = new RowData.FieldGetter[names.length];
    for (int i = 0; i < names.length; i++) {
      getters[i] = RowData.createFieldGetter(types[i], i);
    }
  }

  /** Returns one object. Every value is a string or null, so that no number is too large for a JSON parser. */
  String json(RowData row) {
    ObjectNode values = new ObjectMapper().createObjectNode();
    for (int i = 0; i < names.length; i++) {
      values.put(names[i], text(row, i));
    }
    return values.toString();
  }

  /** Joins the values of some columns, each with its length, so that different values never give the same text. */
  String join(RowData row, int[] columns) {
    return Arrays.stream(columns)
        .mapToObj(column -> String.valueOf(text(row, column)))
        .map(text -> text.length() + ":" + text)
        .collect(Collectors.joining());
  }

  private String text(RowData row, int column) {
    Object value = getters[column].getFieldOrNull(row);
    if (value == null) {
      return null;
    }
    if (value instanceof byte[] bytes) {
      return "\\x" + HexFormat.of().formatHex(bytes);
    }
    if (value instanceof TimestampData clock) {
      return clock.toLocalDateTime().toString();
    }
    if (types[column].getTypeRoot() == LogicalTypeRoot.DATE) {
      return LocalDate.ofEpochDay((Integer) value).toString();
    }
    // Postgres accepts no U+0000, not even in JSON.
    return value.toString().replace('\0', '\uFFFD');
  }
}
