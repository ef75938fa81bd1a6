package nyc.taxi.flink;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;

/**
 * The format {@code avro-confluent-tolerant}: Flink's {@code avro-confluent}, except that a record which cannot be
 * decoded becomes a row of nulls that says why, instead of failing the job for ever.
 */
public final class TolerantAvroFormatFactory implements DeserializationFormatFactory {

  private static final ConfigOption<List<String>> UUID_FIELDS =
      ConfigOptions.key("uuid-fields")
          .stringType()
          .asList()
          .defaultValues()
          .withDescription("Text columns that must hold UUIDs.");

  private static final ConfigOption<List<String>> REQUIRED_FIELDS =
      ConfigOptions.key("required-fields")
          .stringType()
          .asList()
          .defaultValues()
          .withDescription(
              "Columns that must hold a value. NOT NULL cannot say so: it would promise the planner that even a row"
                  + " of an undecodable record has one.");

  private final RegistryAvroFormatFactory strict = new RegistryAvroFormatFactory();

  @Override
  public String factoryIdentifier() {
    return "avro-confluent-tolerant";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return strict.requiredOptions();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    Set<ConfigOption<?>> options = new HashSet<>(strict.optionalOptions());
    options.add(UUID_FIELDS);
    options.add(REQUIRED_FIELDS);
    return options;
  }

  @Override
  public Set<ConfigOption<?>> forwardOptions() {
    return strict.forwardOptions();
  }

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    return new TolerantAvroFormat(
        (ProjectableDecodingFormat<DeserializationSchema<RowData>>) strict.createDecodingFormat(context, options),
        Set.copyOf(options.get(REQUIRED_FIELDS)),
        Set.copyOf(options.get(UUID_FIELDS)));
  }
}
