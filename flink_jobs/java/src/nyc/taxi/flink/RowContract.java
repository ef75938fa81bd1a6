package nyc.taxi.flink;

import java.io.Serializable;
import java.time.LocalDate;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The contract of a decoded row, so that every sink can store it and every reader can read it: values in the required
 * fields, and values within {@link ValueBounds}. A row that breaks it would fail the sink, and with it the job, at
 * every restart.
 */
final class RowContract implements Serializable {

  private static final long serialVersionUID = 2L;

  private static final long FIRST_DAY = LocalDate.of(1, 1, 1).toEpochDay();
  private static final long LAST_DAY = LocalDate.of(9999, 12, 31).toEpochDay();
  private static final long MILLIS_PER_DAY = 24L * 60 * 60 * 1000;

  private final String[] names;
  private final LogicalType[] types;
  private final ValueBounds bounds;

  RowContract(RowType row, ValueBounds bounds) {
    this.names = row.getFieldNames().toArray(new String[0]);
    this.types = row.getChildren().toArray(new LogicalType[0]);
    this.bounds = bounds;
  }

  /** Returns how the row breaks the contract, or null when it complies. */
  Fault violation(GenericRowData row) {
    for (int i = 0; i < names.length; i++) {
      Object value = row.getField(i);
      if (value == null && bounds.isRequired(names[i])) {
        return new Fault("missing_value", names[i] + " is null");
      }
      String trouble = value == null ? null : trouble(names[i], types[i], value);
      if (trouble != null) {
        return new Fault("impossible_value", names[i] + " " + trouble);
      }
    }
    return null;
  }

  private String trouble(String name, LogicalType type, Object value) {
    switch (type.getTypeRoot()) {
      case CHAR:
      case VARCHAR:
        return bounds.troubleOfText(name, ((StringData) value).toString());
      case DATE:
        return bounds.troubleOfDay(name, (Integer) value);
      case TIMESTAMP_WITHOUT_TIME_ZONE:
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
        long day = Math.floorDiv(((TimestampData) value).getMillisecond(), MILLIS_PER_DAY);
        return day < FIRST_DAY || day > LAST_DAY ? "is a timestamp that cannot be stored" : null;
      case FLOAT:
      case DOUBLE:
        return Double.isFinite(((Number) value).doubleValue()) ? null : "is not a finite number";
      default:
        return null;
    }
  }
}
