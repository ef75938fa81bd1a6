package nyc.taxi.flink;

import org.apache.flink.connector.jdbc.postgres.database.dialect.PostgresDialect;
import org.apache.flink.connector.jdbc.postgres.database.dialect.PostgresDialectConverter;
import org.apache.flink.table.types.logical.RowType;

/** The Postgres dialect, with clocks and dates written unchanged, regardless of the zone of the JVM. */
final class ZoneFreePostgresDialect extends PostgresDialect {

  private static final long serialVersionUID = 1L;

  @Override
  public PostgresDialectConverter getRowConverter(RowType rowType) {
    return new ZoneFreeRowConverter(rowType);
  }
}
