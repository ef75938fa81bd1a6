package nyc.taxi.flink;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.UUID;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/**
 * The types of Postgres that values are sent in, in the binary format of COPY. Postgres casts them to the type of the
 * column where that is another one.
 */
enum CopyType {
  BOOLEAN("boolean") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      out.putInt(1).putByte(row.getBoolean(field) ? 1 : 0);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return value.get() != 0;
    }
  },

  SMALLINT("smallint") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      boolean isByte = type.getTypeRoot() == LogicalTypeRoot.TINYINT;
      out.putInt(2).putShort(isByte ? row.getByte(field) : row.getShort(field));
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      short number = value.getShort();
      return type.getTypeRoot() == LogicalTypeRoot.TINYINT ? (Object) (byte) number : (Object) number;
    }
  },

  INTEGER("integer") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      out.putInt(4).putInt(row.getInt(field));
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return value.getInt();
    }
  },

  BIGINT("bigint") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      out.putInt(8).putLong(row.getLong(field));
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return value.getLong();
    }
  },

  REAL("real") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      out.putInt(4).putInt(Float.floatToIntBits(row.getFloat(field)));
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return value.getFloat();
    }
  },

  DOUBLE("double precision") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      out.putInt(8).putLong(Double.doubleToLongBits(row.getDouble(field)));
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return value.getDouble();
    }
  },

  /** Digits to the base 10,000, aligned at the decimal point. */
  NUMERIC("numeric") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      DecimalType decimal = (DecimalType) type;
      DecimalData value = row.getDecimal(field, decimal.getPrecision(), decimal.getScale());
      String unscaled = value.isCompact()
          ? Long.toString(value.toUnscaledLong())
          : value.toBigDecimal().unscaledValue().toString();
      boolean isNegative = unscaled.charAt(0) == '-';
      String digits = isNegative ? unscaled.substring(1) : unscaled;
      int behindPoint = (value.scale() + 3) / 4;
      String padded = digits + "0".repeat(behindPoint * 4 - value.scale());
      int groups = Math.max(behindPoint, (padded.length() + 3) / 4);
      padded = "0".repeat(groups * 4 - padded.length()) + padded;
      out.putInt(8 + 2 * groups).putShort(groups).putShort(groups - behindPoint - 1);
      out.putShort(isNegative ? NEGATIVE : 0).putShort(value.scale());
      for (int group = 0; group < groups; group++) {
        out.putShort(Integer.parseInt(padded, group * 4, group * 4 + 4, 10));
      }
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      DecimalType decimal = (DecimalType) type;
      int groups = value.getShort();
      int behindPoint = groups - value.getShort() - 1;
      boolean isNegative = value.getShort() != 0;
      value.getShort();
      BigInteger unscaled = BigInteger.ZERO;
      for (int group = 0; group < groups; group++) {
        unscaled = unscaled.multiply(BigInteger.valueOf(10_000)).add(BigInteger.valueOf(value.getShort()));
      }
      BigDecimal number = new BigDecimal(isNegative ? unscaled.negate() : unscaled, behindPoint * 4);
      return DecimalData.fromBigDecimal(number, decimal.getPrecision(), decimal.getScale());
    }
  },

  TEXT("text") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      byte[] text = row.getString(field).toBytes();
      out.putInt(text.length).put(text);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return StringData.fromBytes(bytes(value));
    }
  },

  BYTEA("bytea") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      byte[] bytes = row.getBinary(field);
      out.putInt(bytes.length).put(bytes);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return bytes(value);
    }
  },

  /** A text in its canonical form, or sixteen bytes. */
  UUID_("uuid") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) throws SQLException {
      if (isBinary(type)) {
        byte[] bytes = row.getBinary(field);
        if (bytes.length != UUID_BYTES) {
          throw new SQLException("a uuid has 16 bytes, not " + bytes.length, INVALID_TEXT);
        }
        out.putInt(UUID_BYTES).put(bytes);
      } else {
        byte[] text = row.getString(field).toBytes();
        out.putInt(UUID_BYTES).putLong(hexadecimal(text, 0, 18)).putLong(hexadecimal(text, 18, 36));
      }
    }

    /** Parses eight bytes of a uuid; {@code to} is the end of the text or the dash in its middle. */
    private long hexadecimal(byte[] text, int from, int to) throws SQLException {
      long value = 0;
      for (int at = from; at < to; at++) {
        boolean isDash = at == 8 || at == 13 || at == 18 || at == 23;
        int digit = text.length != 36 ? -1 : Character.digit(text[at], 16);
        if (isDash ? text.length != 36 || text[at] != '-' : digit < 0) {
          String shown = new String(text, StandardCharsets.UTF_8);
          throw new SQLException("invalid input syntax for type uuid: \"" + shown + '"', INVALID_TEXT);
        }
        value = isDash ? value : value << 4 | digit;
      }
      return value;
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return isBinary(type)
          ? bytes(value)
          : StringData.fromString(new UUID(value.getLong(), value.getLong()).toString());
    }
  },

  DATE("date") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) throws SQLException {
      long day = row.getInt(field) - EPOCH_DAY;
      if (day < FIRST_DAY || day > LAST_DATE) {
        throw new SQLException("date out of range: day " + row.getInt(field) + " of the epoch", OUT_OF_RANGE);
      }
      out.putInt(4).putInt((int) day);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return (int) (value.getInt() + EPOCH_DAY);
    }
  },

  TIME("time without time zone") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) {
      out.putInt(8).putLong(row.getInt(field) * MICROS_PER_MILLI);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return (int) (value.getLong() / MICROS_PER_MILLI);
    }
  },

  TIMESTAMP("timestamp without time zone") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) throws SQLException {
      writeMicros(row, field, type, out);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return readMicros(value);
    }
  },

  TIMESTAMPTZ("timestamp with time zone") {
    @Override
    void write(RowData row, int field, LogicalType type, CopyBytes out) throws SQLException {
      writeMicros(row, field, type, out);
    }

    @Override
    Object read(ByteBuffer value, LogicalType type) {
      return readMicros(value);
    }
  };

  private static final String INVALID_TEXT = "22P02";
  private static final String OUT_OF_RANGE = "22008";
  private static final int NEGATIVE = 0x4000;
  private static final int UUID_BYTES = 16;
  private static final int MOST_FRACTION_DIGITS = 6;
  private static final long MICROS_PER_MILLI = 1_000;
  private static final long MILLIS_PER_DAY = 24L * 60 * 60 * 1000;

  // Postgres counts from 2000-01-01. It stores days from 4714 BC on, and timestamps until the year 294276.
  private static final long EPOCH_DAY = LocalDate.of(2000, 1, 1).toEpochDay();
  private static final long FIRST_DAY = LocalDate.of(-4713, 11, 24).toEpochDay() - EPOCH_DAY;
  private static final long LAST_DATE = LocalDate.of(5874897, 12, 31).toEpochDay() - EPOCH_DAY;
  private static final long LAST_DAY = LocalDate.of(294276, 12, 31).toEpochDay() - EPOCH_DAY;

  final String postgresName;

  CopyType(String postgresName) {
    this.postgresName = postgresName;
  }

  /** Writes the length of a value that is not null, and the value. A SQLException refuses the value. */
  abstract void write(RowData row, int field, LogicalType type, CopyBytes out) throws SQLException;

  /** Reads back what was written, in Flink's internal class for the type. */
  abstract Object read(ByteBuffer value, LogicalType type);

  /** Throws ValidationException for a type that has no counterpart. */
  static CopyType of(LogicalType type) {
    switch (type.getTypeRoot()) {
      case BOOLEAN:
        return BOOLEAN;
      case TINYINT:
      case SMALLINT:
        return SMALLINT;
      case INTEGER:
        return INTEGER;
      case BIGINT:
        return BIGINT;
      case FLOAT:
        return REAL;
      case DOUBLE:
        return DOUBLE;
      case DECIMAL:
        return NUMERIC;
      case CHAR:
      case VARCHAR:
        return TEXT;
      case BINARY:
      case VARBINARY:
        return BYTEA;
      case DATE:
        return DATE;
      case TIME_WITHOUT_TIME_ZONE:
        return TIME;
      case TIMESTAMP_WITHOUT_TIME_ZONE:
        return ofTimestamp(type, TIMESTAMP);
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
        return ofTimestamp(type, TIMESTAMPTZ);
      default:
        throw new ValidationException("no column of Postgres takes " + type.asSummaryString());
    }
  }

  private static CopyType ofTimestamp(LogicalType type, CopyType found) {
    if (LogicalTypeChecks.getPrecision(type) > MOST_FRACTION_DIGITS) {
      throw new ValidationException("Postgres keeps microseconds; it cannot take " + type.asSummaryString());
    }
    return found;
  }

  /** Returns the type to send values in for a column of this Postgres type. */
  static CopyType of(LogicalType type, String columnType) {
    CopyType found = of(type);
    return columnType.equals(UUID_.postgresName) && (found == TEXT || found == BYTEA) ? UUID_ : found;
  }

  boolean isOfVariableLength() {
    return this == TEXT || this == BYTEA || this == NUMERIC;
  }

  private static boolean isBinary(LogicalType type) {
    return of(type) == BYTEA;
  }

  private static byte[] bytes(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    return bytes;
  }

  private static void writeMicros(RowData row, int field, LogicalType type, CopyBytes out) throws SQLException {
    TimestampData clock = row.getTimestamp(field, LogicalTypeChecks.getPrecision(type));
    long day = Math.floorDiv(clock.getMillisecond(), MILLIS_PER_DAY) - EPOCH_DAY;
    if (day < FIRST_DAY || day > LAST_DAY) {
      throw new SQLException("timestamp out of range: " + clock, OUT_OF_RANGE);
    }
    long millis = clock.getMillisecond() - EPOCH_DAY * MILLIS_PER_DAY;
    out.putInt(8).putLong(millis * MICROS_PER_MILLI + clock.getNanoOfMillisecond() / 1_000);
  }

  private static TimestampData readMicros(ByteBuffer value) {
    long micros = value.getLong();
    long millis = Math.floorDiv(micros, MICROS_PER_MILLI) + EPOCH_DAY * MILLIS_PER_DAY;
    return TimestampData.fromEpochMillis(millis, (int) Math.floorMod(micros, MICROS_PER_MILLI) * 1_000);
  }
}
