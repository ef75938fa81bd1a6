package nyc.taxi.flink;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.avro.registry.confluent.AvroConfluentFormatOptions;
import org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * The format {@code avro-confluent-tolerant}: like Flink's {@code avro-confluent}, but a record that cannot be decoded
 * becomes a row of nulls with the reason, instead of failing the job at every restart.
 */
public final class TolerantAvroFormatFactory implements DeserializationFormatFactory {

  static final ConfigOption<List<String>> REQUIRED_FIELDS =
      ConfigOptions.key("required-fields")
          .stringType()
          .asList()
          .defaultValues()
          .withDescription(
              "Columns that must have a value. NOT NULL cannot declare this, because the planner would then assume a"
                  + " value even in a row of an undecodable record.");

  static final ConfigOption<List<String>> UUID_FIELDS =
      ConfigOptions.key("uuid-fields")
          .stringType()
          .asList()
          .defaultValues()
          .withDescription("Text columns that must contain UUIDs.");

  static final ConfigOption<Integer> LONGEST_TEXT =
      ConfigOptions.key("longest-text")
          .intType()
          .defaultValue(255)
          .withDescription("Maximum number of characters of a text: keys and indexed columns have a limit.");

  static final ConfigOption<Map<String, String>> ALLOWED_VALUES =
      ConfigOptions.key("allowed-values")
          .mapType()
          .defaultValue(Map.of())
          .withDescription("Allowed values of text columns, separated by |.");

  static final ConfigOption<Map<String, String>> DATE_RANGES =
      ConfigOptions.key("date-ranges")
          .mapType()
          .defaultValue(Map.of())
          .withDescription("First and last allowed day of date columns, separated by a slash.");

  @Override
  public String factoryIdentifier() {
    return "avro-confluent-tolerant";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(AvroConfluentFormatOptions.URL);
  }

  /** The options of {@code avro-confluent} for access to the registry, and our own. */
  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    Set<ConfigOption<?>> options = new HashSet<>(new RegistryAvroFormatFactory().optionalOptions());
    options.removeAll(Set.of(AvroConfluentFormatOptions.SUBJECT, AvroConfluentFormatOptions.SCHEMA));
    options.add(REQUIRED_FIELDS);
    options.add(UUID_FIELDS);
    options.add(LONGEST_TEXT);
    options.add(ALLOWED_VALUES);
    options.add(DATE_RANGES);
    return options;
  }

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    return new TolerantAvroFormat(options);
  }
}
