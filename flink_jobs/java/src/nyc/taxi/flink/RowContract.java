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

  private static final long serialVersionUID = 3L;

  private static final long MILLIS_PER_DAY = 24L * 60 * 60 * 1000;
  private static final long FIRST_MILLI = LocalDate.of(1, 1, 1).toEpochDay() * MILLIS_PER_DAY;
  private static final long AFTER_LAST_MILLI = LocalDate.of(10_000, 1, 1).toEpochDay() * MILLIS_PER_DAY;

  private final String[] names;
  private final boolean[] required;
  private final Check[] checks;

  /** Returns what is wrong with the value of one column, or null. */
  @FunctionalInterface
  interface Check extends Serializable {
    String trouble(Object value);
  }

  RowContract(RowType row, ValueBounds bounds) {
    names = row.getFieldNames().toArray(new String[0]);
    required = new boolean[names.length];
    checks = new Check[names.length];
    for (int i = 0; i < names.length; i++) {
      required[i] = bounds.isRequired(names[i]);
      checks[i] = check(names[i], row.getTypeAt(i), bounds);
    }
  }

  /** Returns how the row breaks the contract, or null when it complies. */
  Fault violation(GenericRowData row) {
    for (int i = 0; i < names.length; i++) {
      Object value = row.getField(i);
      if (value == null && required[i]) {
        return new Fault("missing_value", names[i] + " is null");
      }
      String trouble = value == null ? null : checks[i].trouble(value);
      if (trouble != null) {
        return new Fault("impossible_value", names[i] + " " + trouble);
      }
    }
    return null;
  }

  private static Check check(String name, LogicalType type, ValueBounds bounds) {
    switch (type.getTypeRoot()) {
      case CHAR:
      case VARCHAR:
        TextBounds texts = bounds.ofText(name);
        return value -> texts.trouble((StringData) value);
      case DATE:
        DayBounds days = bounds.ofDay(name);
        return value -> days.trouble((Integer) value);
      case TIMESTAMP_WITHOUT_TIME_ZONE:
        return value -> troubleOfClock(((TimestampData) value).getMillisecond());
      case FLOAT:
      case DOUBLE:
        return value -> Double.isFinite(((Number) value).doubleValue()) ? null : "is not a finite number";
      default:
        return value -> null;
    }
  }

  private static String troubleOfClock(long epochMillis) {
    return epochMillis < FIRST_MILLI || epochMillis >= AFTER_LAST_MILLI
        ? "is a timestamp that cannot be stored"
        : null;
  }
}
