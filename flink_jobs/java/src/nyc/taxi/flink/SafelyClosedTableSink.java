package nyc.taxi.flink;

import java.lang.reflect.Field;
import org.apache.flink.connector.jdbc.JdbcExecutionOptions;
import org.apache.flink.connector.jdbc.core.database.dialect.JdbcDialect;
import org.apache.flink.connector.jdbc.core.table.sink.JdbcDynamicTableSink;
import org.apache.flink.connector.jdbc.core.table.sink.JdbcOutputFormatBuilder;
import org.apache.flink.connector.jdbc.datasource.connections.SimpleJdbcConnectionProvider;
import org.apache.flink.connector.jdbc.internal.GenericJdbcSinkFunction;
import org.apache.flink.connector.jdbc.internal.JdbcOutputFormat;
import org.apache.flink.connector.jdbc.internal.JdbcOutputFormat.StatementExecutorFactory;
import org.apache.flink.connector.jdbc.internal.executor.JdbcBatchStatementExecutor;
import org.apache.flink.connector.jdbc.internal.options.InternalJdbcConnectionOptions;
import org.apache.flink.connector.jdbc.internal.options.JdbcDmlOptions;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.legacy.SinkFunctionProvider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Flink's {@code jdbc} sink into Postgres whose function is closed safely, whose clocks do not depend on the zone of
 * the JVM, and which no single row can stop, where a table for refused rows is configured.
 */
final class SafelyClosedTableSink implements DynamicTableSink {

  private final JdbcDynamicTableSink jdbc;
  private final String refusedRowsTable;

  /** {@code refusedRowsTable} is null where a refused row fails the job. */
  SafelyClosedTableSink(DynamicTableSink jdbc, String refusedRowsTable) {
    this.jdbc = (JdbcDynamicTableSink) jdbc;
    this.refusedRowsTable = refusedRowsTable;
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return jdbc.getChangelogMode(requested);
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    InternalJdbcConnectionOptions connection =
        field(jdbc, JdbcDynamicTableSink.class, "jdbcOptions", InternalJdbcConnectionOptions.class);
    JdbcExecutionOptions execution =
        field(jdbc, JdbcDynamicTableSink.class, "executionOptions", JdbcExecutionOptions.class);
    JdbcDmlOptions dml = zoneFree(field(jdbc, JdbcDynamicTableSink.class, "dmlOptions", JdbcDmlOptions.class));
    DataType columns = field(jdbc, JdbcDynamicTableSink.class, "physicalRowDataType", DataType.class);
    JdbcOutputFormat<RowData, ?, ?> format =
        new JdbcOutputFormatBuilder()
            .setJdbcOptions(connection)
            .setJdbcDmlOptions(dml)
            .setJdbcExecutionOptions(execution)
            .setFieldDataTypes(DataType.getFieldDataTypes(columns).toArray(new DataType[0]))
            .build();
    if (refusedRowsTable != null) {
      RefusedRows refused = new RefusedRows(refusedRowsTable, dml, (RowType) columns.getLogicalType());
      format = tolerant(format, new SimpleJdbcConnectionProvider(connection), execution, refused);
    }
    return SinkFunctionProvider.of(
        new SafelyClosedSink(new GenericJdbcSinkFunction<>(format)), connection.getParallelism());
  }

  private static JdbcOutputFormat<RowData, ?, ?> tolerant(
      JdbcOutputFormat<RowData, ?, ?> format,
      SimpleJdbcConnectionProvider connection,
      JdbcExecutionOptions execution,
      RefusedRows refused) {
    @SuppressWarnings("unchecked")
    StatementExecutorFactory<JdbcBatchStatementExecutor<RowData>> writers =
        field(format, JdbcOutputFormat.class, "statementExecutorFactory", StatementExecutorFactory.class);
    return new JdbcOutputFormat<RowData, RowData, JdbcBatchStatementExecutor<RowData>>(
        connection, execution, () -> new RefusalTolerantExecutor(writers, refused));
  }

  private static JdbcDmlOptions zoneFree(JdbcDmlOptions dml) {
    JdbcDialect dialect = dml.getDialect();
    if (!dialect.dialectName().equals(new ZoneFreePostgresDialect().dialectName())) {
      throw new ValidationException("jdbc-safely-closed writes to Postgres, not to " + dialect.dialectName());
    }
    return JdbcDmlOptions.builder()
        .withTableName(dml.getTableName())
        .withDialect(new ZoneFreePostgresDialect())
        .withFieldNames(dml.getFieldNames())
        .withKeyFields(dml.getKeyFields().orElse(null))
        .build();
  }

  /** Reads a private field of the connector, which gives no other access to its parts. */
  private static <T> T field(Object owner, Class<?> declaring, String name, Class<T> type) {
    try {
      Field field = declaring.getDeclaredField(name);
      field.setAccessible(true);
      return type.cast(field.get(owner));
    } catch (ReflectiveOperationException changed) {
      throw new IllegalStateException("this JDBC connector has no " + name, changed);
    }
  }

  @Override
  public DynamicTableSink copy() {
    return new SafelyClosedTableSink(jdbc.copy(), refusedRowsTable);
  }

  @Override
  public String asSummaryString() {
    return jdbc.asSummaryString();
  }
}
