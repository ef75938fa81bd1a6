package nyc.taxi.flink;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.avro.registry.confluent.AvroConfluentFormatOptions;
import org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/** Decodes only the requested columns, and provides the error of a record as metadata columns. */
final class TolerantAvroFormat implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {

  private final String registryUrl;
  private final Map<String, String> registrySettings;
  private final ValueBounds bounds;
  private List<String> metadata = List.of();

  TolerantAvroFormat(ReadableConfig options) {
    Map<String, String> settings = RegistryAvroFormatFactory.buildOptionalPropertiesMap(options);
    this.registryUrl = options.get(AvroConfluentFormatOptions.URL);
    this.registrySettings = settings == null ? Map.of() : settings;
    this.bounds = new ValueBounds(options);
  }

  @Override
  public DeserializationSchema<RowData> createRuntimeDecoder(
      DynamicTableSource.Context context, DataType physical, int[][] projections) {
    DataType decoded = Projection.of(projections).project(physical);
    RowType columns = (RowType) decoded.getLogicalType();
    requireReadable(columns);
    List<DataTypes.Field> produced = new ArrayList<>(DataType.getFields(decoded));
    for (String key : metadata) {
      produced.add(DataTypes.FIELD(key, listReadableMetadata().get(key)));
    }
    return new TolerantAvroDecoder(
        columns,
        new RowContract(columns, bounds),
        metadata,
        context.createTypeInformation(DataTypes.ROW(produced)),
        registryUrl,
        registrySettings);
  }

  private static void requireReadable(RowType columns) {
    for (RowType.RowField column : columns.getFields()) {
      if (!FieldReader.canFill(column.getType())) {
        throw new ValidationException(
            "avro-confluent-tolerant cannot read " + column.getName() + ", a column of the type " + column.getType());
      }
    }
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public Map<String, DataType> listReadableMetadata() {
    Map<String, DataType> columns = new LinkedHashMap<>();
    columns.put("error_class", DataTypes.STRING());
    columns.put("error", DataTypes.STRING());
    columns.put("schema_id", DataTypes.INT());
    columns.put("payload", DataTypes.BYTES());
    return columns;
  }

  @Override
  public void applyReadableMetadata(List<String> keys) {
    metadata = List.copyOf(keys);
  }
}
