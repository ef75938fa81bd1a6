package nyc.taxi.flink;

import java.io.Serializable;
import java.time.LocalDate;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * What a decoded row must hold so that every sink can store it: values in the required fields, clocks in SQL's
 * range (years 1 to 9999), text without U+0000, UUIDs that are UUIDs. A row that breaks it would fail the sink, and
 * with it the job, for ever.
 */
final class RowContract implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final Pattern UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  private static final long FIRST_DAY = LocalDate.of(1, 1, 1).toEpochDay();
  private static final long LAST_DAY = LocalDate.of(9999, 12, 31).toEpochDay();
  private static final long MILLIS_PER_DAY = 24L * 60 * 60 * 1000;

  private enum Kind {
    TEXT,
    UUID,
    DATE,
    TIMESTAMP,
    OTHER
  }

  private final String[] names;
  private final boolean[] required;
  private final Kind[] kinds;

  RowContract(RowType row, Set<String> requiredFields, Set<String> uuidFields) {
    names = row.getFieldNames().toArray(new String[0]);
    required = new boolean[names.length];
    kinds = new Kind[names.length];
    for (int i = 0; i < names.length; i++) {
      required[i] = requiredFields.contains(names[i]);
      kinds[i] = uuidFields.contains(names[i]) ? Kind.UUID : kindOf(row.getTypeAt(i));
    }
  }

  private static Kind kindOf(LogicalType type) {
    switch (type.getTypeRoot()) {
      case CHAR:
      case VARCHAR:
        return Kind.TEXT;
      case DATE:
        return Kind.DATE;
      case TIMESTAMP_WITHOUT_TIME_ZONE:
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
        return Kind.TIMESTAMP;
      default:
        return Kind.OTHER;
    }
  }

  /** How the row breaks the contract, or null when it keeps it. */
  Fault violation(GenericRowData row) {
    for (int i = 0; i < names.length; i++) {
      Object value = row.getField(i);
      if (value == null && required[i]) {
        return new Fault("missing_value", names[i] + " is null");
      }
      if (value != null && !storable(kinds[i], value)) {
        String kind = kinds[i].name().toLowerCase();
        return new Fault("impossible_value", names[i] + " is no " + kind + " that can be stored");
      }
    }
    return null;
  }

  private static boolean storable(Kind kind, Object value) {
    switch (kind) {
      case TEXT:
        return ((StringData) value).toString().indexOf('\0') < 0;
      case UUID:
        return UUID.matcher(((StringData) value).toString()).matches();
      case DATE:
        return isStorableDay((Integer) value);
      case TIMESTAMP:
        return isStorableDay(Math.floorDiv(((TimestampData) value).getMillisecond(), MILLIS_PER_DAY));
      default:
        return true;
    }
  }

  private static boolean isStorableDay(long epochDay) {
    return epochDay >= FIRST_DAY && epochDay <= LAST_DAY;
  }
}
