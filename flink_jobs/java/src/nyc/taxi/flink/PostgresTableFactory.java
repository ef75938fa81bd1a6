package nyc.taxi.flink;

import java.time.Duration;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;

/** The connector {@code postgres-upsert}: a sink into a table of Postgres with a primary key. */
public final class PostgresTableFactory implements DynamicTableSinkFactory {

  private static final ConfigOption<String> URL =
      ConfigOptions.key("url").stringType().noDefaultValue().withDescription("The JDBC URL.");
  private static final ConfigOption<String> TABLE_NAME =
      ConfigOptions.key("table-name").stringType().noDefaultValue().withDescription("The table, with its schema.");
  private static final ConfigOption<String> USERNAME =
      ConfigOptions.key("username")
          .stringType()
          .noDefaultValue()
          .withDescription("Without it the driver takes the user from the URL and the password from PGPASSFILE.");
  private static final ConfigOption<String> PASSWORD =
      ConfigOptions.key("password").stringType().noDefaultValue().withDescription("The password of this user.");
  private static final ConfigOption<String> REFUSED_ROWS =
      ConfigOptions.key("refused-rows.table-name")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "A table of dead letters for the rows that Postgres refuses because of what they hold; without it such a"
                  + " row fails the job.");
  private static final ConfigOption<Integer> MOST_ROWS =
      ConfigOptions.key("sink.buffer-flush.max-rows")
          .intType()
          .defaultValue(5_000)
          .withDescription("Rows after which a writer writes its buffer.");
  private static final ConfigOption<MemorySize> MOST_BYTES =
      ConfigOptions.key("sink.buffer-flush.max-size")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(4))
          .withDescription("Size after which a writer writes its buffer.");
  private static final ConfigOption<Duration> LONGEST_WAIT =
      ConfigOptions.key("sink.buffer-flush.interval")
          .durationType()
          .defaultValue(Duration.ofSeconds(1))
          .withDescription("The longest time that a row waits in the buffer.");
  private static final ConfigOption<Integer> MOST_RETRIES =
      ConfigOptions.key("sink.max-retries")
          .intType()
          .defaultValue(6)
          .withDescription(
              "How often a transient error is retried, the first time after 100 ms, then after twice as long each"
                  + " time.");

  @Override
  public String factoryIdentifier() {
    return "postgres-upsert";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(URL, TABLE_NAME);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(USERNAME, PASSWORD, REFUSED_ROWS, MOST_ROWS, MOST_BYTES, LONGEST_WAIT, MOST_RETRIES);
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    return new PostgresTableSink(table(context));
  }

  /** Throws ValidationException for options, a type or a table without key that this connector cannot serve. */
  PostgresTable table(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    RowType row = (RowType) context.getPhysicalRowDataType().getLogicalType();
    row.getChildren().forEach(CopyType::of);
    if (context.getPrimaryKeyIndexes().length == 0) {
      throw new ValidationException(context.getObjectIdentifier() + " has no primary key, by which rows are upserted");
    }
    ReadableConfig options = helper.getOptions();
    return new PostgresTable(
        options.get(URL),
        options.get(USERNAME),
        options.get(PASSWORD),
        options.get(TABLE_NAME),
        row,
        context.getPrimaryKeyIndexes(),
        options.get(REFUSED_ROWS),
        options.get(MOST_ROWS),
        options.get(MOST_BYTES).getBytes(),
        options.get(LONGEST_WAIT),
        options.get(MOST_RETRIES));
  }
}
