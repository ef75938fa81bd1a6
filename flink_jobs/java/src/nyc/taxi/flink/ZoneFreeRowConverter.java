package nyc.taxi.flink;

import java.time.LocalDate;
import org.apache.flink.connector.jdbc.postgres.database.dialect.PostgresDialectConverter;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;

/**
 * Passes the classes of {@code java.time} to the driver. Flink's own converter uses {@code java.sql.Timestamp} and
 * {@code java.sql.Date}, which are instants in the zone of the JVM: an hour that this zone skips in spring, or a day
 * that its calendar never had, changes to another one.
 */
final class ZoneFreeRowConverter extends PostgresDialectConverter {

  private static final long serialVersionUID = 1L;

  ZoneFreeRowConverter(RowType rowType) {
    super(rowType);
  }

  @Override
  protected JdbcSerializationConverter createNullableExternalConverter(LogicalType type) {
    if (type.getTypeRoot() == LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE) {
      int precision = ((TimestampType) type).getPrecision();
      return wrapIntoNullableExternalConverter(
          (row, index, statement) ->
              statement.setObject(index, row.getTimestamp(index, precision).toLocalDateTime()),
          type);
    }
    if (type.getTypeRoot() == LogicalTypeRoot.DATE) {
      return wrapIntoNullableExternalConverter(
          (row, index, statement) -> statement.setObject(index, LocalDate.ofEpochDay(row.getInt(index))), type);
    }
    return super.createNullableExternalConverter(type);
  }
}
