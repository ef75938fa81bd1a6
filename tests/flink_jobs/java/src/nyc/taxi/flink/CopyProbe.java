package nyc.taxi.flink;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.DateType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.SmallIntType;
import org.apache.flink.table.types.logical.TimeType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.TinyIntType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;

/**
 * Writes made-up values of every type as the sink does, and prints those that Postgres or the batch itself reads back
 * differently. Arguments: the JDBC URL, and the seed.
 */
public final class CopyProbe {

  private static final int ROWS = 4_000;

  /** A column: its types, what Flink holds for a value, and the value as the JDBC driver returns it. */
  private record Column(
      String name, String postgres, LogicalType flink, Class<?> read, Function<Random, Object> made,
      Function<Object, Object> internal) {}

  private static final List<Column> COLUMNS =
      List.of(
          column("id", "bigint", new BigIntType(), Long.class, random -> 0L, value -> value),
          column("flag", "boolean", new BooleanType(), Boolean.class, Random::nextBoolean, value -> value),
          column("tiny", "smallint", new TinyIntType(), Integer.class,
              random -> (int) (byte) random.nextInt(), value -> ((Integer) value).byteValue()),
          column("small", "smallint", new SmallIntType(), Integer.class,
              random -> (int) (short) random.nextInt(), value -> ((Integer) value).shortValue()),
          column("whole", "integer", new IntType(), Integer.class,
              random -> oneOf(random, Integer.MIN_VALUE, Integer.MAX_VALUE, 0, random.nextInt()), value -> value),
          column("narrowed", "smallint", new IntType(), Integer.class,
              random -> (int) (short) random.nextInt(), value -> value),
          column("long", "bigint", new BigIntType(), Long.class,
              random -> oneOf(random, Long.MIN_VALUE, Long.MAX_VALUE, 0L, random.nextLong()), value -> value),
          column("single", "real", new FloatType(), Float.class,
              random -> oneOf(random, Float.NaN, Float.MIN_VALUE, -Float.MAX_VALUE, random.nextFloat()),
              value -> value),
          column("twice", "double precision", new DoubleType(), Double.class,
              random -> oneOf(random, Double.NaN, Double.NEGATIVE_INFINITY, Double.MIN_VALUE, -Double.MAX_VALUE, -0.0,
                  random.nextGaussian()),
              value -> value),
          decimal("dollars", 12, 4),
          decimal("units", 18, 0),
          decimal("fraction", 10, 10),
          decimal("large", 38, 0),
          decimal("fine", 38, 37),
          decimal("middle", 25, 7),
          column("words", "text", VarCharType.STRING_TYPE, String.class, CopyProbe::words, StringData::fromString),
          column("short_words", "character varying(40)", VarCharType.STRING_TYPE, String.class,
              random -> words(random).substring(0, 1), StringData::fromString),
          column("texts", "text[]", VarCharType.STRING_TYPE, String.class,
              random -> oneOf(random, "{}", "{a,\"b c\"}", "{NULL,\"NULL\"}"), StringData::fromString),
          column("document", "jsonb", VarCharType.STRING_TYPE, String.class,
              random -> oneOf(random, "{}", "[1, \"ä\"]", "null"), StringData::fromString),
          column("bytes", "bytea", new VarBinaryType(VarBinaryType.MAX_LENGTH), byte[].class, CopyProbe::bytes,
              value -> value),
          column("ident", "uuid", VarCharType.STRING_TYPE, UUID.class, CopyProbe::uuid,
              value -> StringData.fromString(value.toString())),
          column("ident_bytes", "uuid", new VarBinaryType(16), UUID.class, CopyProbe::uuid,
              value -> HexFormat.of().parseHex(value.toString().replace("-", ""))),
          column("day", "date", new DateType(), LocalDate.class,
              random -> oneOf(random, LocalDate.EPOCH, LocalDate.of(1999, 12, 31), LocalDate.of(-4713, 12, 31),
                  LocalDate.of(5874897, 12, 31), LocalDate.EPOCH.plusDays(random.nextInt(100_000) - 50_000)),
              value -> (int) ((LocalDate) value).toEpochDay()),
          column("hour", "time", new TimeType(3), LocalTime.class,
              random -> LocalTime.ofNanoOfDay(random.nextInt(86_400_000) * 1_000_000L),
              value -> (int) (((LocalTime) value).toNanoOfDay() / 1_000_000)),
          column("millis", "timestamp", new TimestampType(3), LocalDateTime.class, random -> clock(random, 1_000_000),
              value -> TimestampData.fromLocalDateTime((LocalDateTime) value)),
          column("micros", "timestamp", new TimestampType(6), LocalDateTime.class, random -> clock(random, 1_000),
              value -> TimestampData.fromLocalDateTime((LocalDateTime) value)),
          column("instant", "timestamptz", new LocalZonedTimestampType(6), Instant.class,
              random -> clock(random, 1_000).toInstant(ZoneOffset.UTC),
              value -> TimestampData.fromInstant((Instant) value)));

  @SuppressWarnings("unchecked")
  private static <T> Column column(
      String name, String postgres, LogicalType flink, Class<?> read, Function<Random, Object> made,
      Function<T, Object> internal) {
    return new Column(name, postgres, flink, read, made, (Function<Object, Object>) internal);
  }

  private static Column decimal(String name, int precision, int scale) {
    return column(name, "numeric", new DecimalType(precision, scale), BigDecimal.class,
        random -> {
          BigInteger most = BigInteger.TEN.pow(precision).subtract(BigInteger.ONE);
          BigInteger made = new BigInteger(random.nextInt(most.bitLength()), random);
          BigInteger unscaled = oneOf(random, BigInteger.ZERO, most, most.negate(), made, made.negate());
          return new BigDecimal(unscaled, scale);
        },
        value -> DecimalData.fromBigDecimal((BigDecimal) value, precision, scale));
  }

  @SafeVarargs
  private static <T> T oneOf(Random random, T... values) {
    return values[random.nextInt(values.length)];
  }

  /** Of one to four bytes a character. */
  private static String words(Random random) {
    int length = oneOf(random, 1, 7, 200);
    StringBuilder text = new StringBuilder();
    random.ints(length, 0, 5).forEach(kind -> text.append(List.of("x", "\t", "é", "漢", "\u0301").get(kind)));
    return random.nextInt(4) == 0 ? text + "🚕" : text.toString();
  }

  private static byte[] bytes(Random random) {
    byte[] made = new byte[oneOf(random, 0, 1, 50)];
    random.nextBytes(made);
    return made;
  }

  private static UUID uuid(Random random) {
    return new UUID(oneOf(random, 0L, -1L, random.nextLong()), random.nextLong());
  }

  private static LocalDateTime clock(Random random, int nanosOfTick) {
    LocalDateTime made = oneOf(random, LocalDateTime.of(1969, 12, 31, 23, 59, 59), LocalDateTime.of(1999, 12, 31, 0, 0),
        LocalDateTime.of(1, 1, 1, 0, 0), LocalDateTime.of(-4713, 12, 31, 0, 0),
        LocalDateTime.of(294276, 12, 31, 23, 59),
        LocalDateTime.of(2000, 1, 1, 0, 0).plusSeconds(random.nextInt()));
    return made.plusNanos(random.nextInt(1_000_000_000) / nanosOfTick * (long) nanosOfTick);
  }

  private static List<Object> made(Random random, long id) {
    List<Object> values = new ArrayList<>();
    for (Column column : COLUMNS) {
      values.add(random.nextInt(8) == 0 ? null : column.made.apply(random));
    }
    values.set(0, id);
    return values;
  }

  private static RowData row(List<Object> values) {
    GenericRowData row = new GenericRowData(values.size());
    for (int i = 0; i < values.size(); i++) {
      Object value = values.get(i);
      row.setField(i, value == null ? null : COLUMNS.get(i).internal.apply(value));
    }
    return row;
  }

  private static PostgresTable table(String url, String name) {
    RowType row =
        RowType.of(
            COLUMNS.stream().map(Column::flink).toArray(LogicalType[]::new),
            COLUMNS.stream().map(Column::name).toArray(String[]::new));
    return new PostgresTable(url, null, null, name, row, new int[] {0}, null, 1, 1, Duration.ZERO, 0);
  }

  public static void main(String[] arguments) throws SQLException {
    Random random = new Random(Long.parseLong(arguments[1]));
    try (Connection connection = DriverManager.getConnection(arguments[0]);
        Statement statement = connection.createStatement()) {
      List<String> declared = COLUMNS.stream().map(column -> column.name + ' ' + column.postgres).toList();
      statement.execute("drop table if exists probed");
      statement.execute("create table probed (" + String.join(", ", declared) + ", primary key (id))");
      List<List<Object>> rows = IntStream.range(0, ROWS).mapToObj(id -> made(random, id)).toList();
      CopyBatch batch = written(table(arguments[0], "probed"), rows);
      int read = 0;
      try (ResultSet found = statement.executeQuery("select * from probed order by id")) {
        for (; found.next(); read++) {
          compare(rows.get(read), found);
          compareAgain(rows.get(read), batch.row(read));
        }
      }
      statement.execute("drop table probed");
      System.out.println(read + " rows of " + COLUMNS.size() + " columns");
    }
    refuse("day", Integer.MAX_VALUE);
    refuse("day", Integer.MIN_VALUE);
    refuse("millis", TimestampData.fromEpochMillis(Long.MAX_VALUE));
    refuse("micros", TimestampData.fromEpochMillis(Long.MIN_VALUE, 999_999));
    refuse("ident", StringData.fromString("1-1-1-1-1"));
    refuse("ident", StringData.fromString("0123456-89ab-cdef-0123-456789abcdef-"));
    refuse("ident", StringData.fromString("01234567-89ab-cdef-0123-456789abcdeg"));
    refuse("ident_bytes", new byte[15]);
  }

  /** A value that Postgres does not have leaves the batch as it was. */
  private static void refuse(String name, Object internal) {
    Map<String, String> types = COLUMNS.stream().collect(Collectors.toMap(Column::name, Column::postgres));
    CopyBatch batch = new CopyBatch(new CopyFormat(table("", "probed"), types));
    GenericRowData row = (GenericRowData) row(made(new Random(), 1));
    row.setField(COLUMNS.stream().map(Column::name).toList().indexOf(name), internal);
    try {
      batch.add(row);
      System.out.println(name + " took " + internal);
    } catch (SQLException refusal) {
      System.out.println(name + ' ' + refusal.getSQLState() + ' ' + batch.rows() + ' ' + batch.bytes());
    }
  }

  private static CopyBatch written(PostgresTable table, List<List<Object>> rows) throws SQLException {
    try (PostgresSession session = new PostgresSession(table)) {
      CopyFormat format = new CopyFormat(table, session.columnTypes(table.name()));
      CopyBatch batch = new CopyBatch(format);
      for (List<Object> values : rows) {
        batch.add(row(values));
      }
      session.write(format, batch, 0, batch.rows());
      return batch;
    }
  }

  private static void compare(List<Object> values, ResultSet found) throws SQLException {
    for (int i = 0; i < COLUMNS.size(); i++) {
      Class<?> type = COLUMNS.get(i).read;
      Object read = type == String.class ? found.getString(i + 1)
          : type == Instant.class ? instant(found, i + 1) : found.getObject(i + 1, type);
      if (!isEqual(values.get(i), read)) {
        System.out.println(COLUMNS.get(i).name + ": wrote " + values.get(i) + ", read " + read);
      }
    }
  }

  private static Instant instant(ResultSet found, int place) throws SQLException {
    OffsetDateTime clock = found.getObject(place, OffsetDateTime.class);
    return clock == null ? null : clock.toInstant();
  }

  private static boolean isEqual(Object wrote, Object read) {
    return wrote instanceof byte[] bytes && read instanceof byte[] others
        ? Arrays.equals(bytes, others)
        : Objects.equals(wrote, read);
  }

  /** A refused row is read from the batch. */
  private static void compareAgain(List<Object> values, RowData read) {
    RowData row = row(values);
    for (int i = 0; i < COLUMNS.size(); i++) {
      RowData.FieldGetter getter = RowData.createFieldGetter(COLUMNS.get(i).flink, i);
      if (!isEqual(getter.getFieldOrNull(row), getter.getFieldOrNull(read))) {
        System.out.println(COLUMNS.get(i).name + " of the batch: wrote " + values.get(i));
      }
    }
  }
}
