package nyc.taxi.flink;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.AvroToRowDataConverters.AvroToRowDataConverter;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Decodes a record that keeps the contract, or gives in its metadata columns the reason why it cannot.
 *
 * <p>It does not wrap Flink's own decoder: that decoder reads every record through one buffer, and the rest of a bad
 * record in the buffer corrupts the next records.
 */
final class TolerantAvroDecoder implements DeserializationSchema<RowData> {

  private static final long serialVersionUID = 4L;

  private static final Fault UNKNOWN_SCHEMA =
      new Fault("unknown_schema", "the registry does not know the schema id");

  static {
    // A corrupt length would request gigabytes, and the JVM would run out of memory and end. Avro reads these limits
    // once.
    String limits = "org.apache.flink.avro.shaded.org.apache.avro.limits.";
    System.setProperty(limits + "string.maxLength", "1000000");
    System.setProperty(limits + "bytes.maxLength", "1000000");
  }

  private final RowType columns;
  private final RowContract contract;
  private final List<String> metadata;
  private final TypeInformation<RowData> producedType;
  private final String registryUrl;
  private final Map<String, String> registrySettings;
  private final AvroToRowDataConverter converter;

  private transient RegistryReaders readers;
  private transient BinaryDecoder body;

  TolerantAvroDecoder(
      RowType columns,
      RowContract contract,
      List<String> metadata,
      TypeInformation<RowData> producedType,
      String registryUrl,
      Map<String, String> registrySettings) {
    this.columns = columns;
    this.contract = contract;
    this.metadata = metadata;
    this.producedType = producedType;
    this.registryUrl = registryUrl;
    this.registrySettings = registrySettings;
    this.converter = AvroToRowDataConverters.createRowConverter(columns);
  }

  @Override
  public void open(InitializationContext context) {
    readers = new RegistryReaders(registryUrl, registrySettings, AvroSchemaConverter.convertToSchema(columns));
  }

  @Override
  public RowData deserialize(byte[] message) throws IOException {
    Fault malformed = Framing.fault(message);
    if (malformed != null) {
      return undecodable(malformed, message);
    }
    GenericDatumReader<GenericRecord> reader;
    try {
      reader = readers.reader(Framing.schemaId(message));
    } catch (UnusableSchemaException unusable) {
      return undecodable(new Fault("wrong_type", unusable.getMessage()), message);
    }
    if (reader == null) {
      return undecodable(UNKNOWN_SCHEMA, message);
    }
    GenericRowData row;
    try {
      row = (GenericRowData) converter.convert(read(reader, message));
    } catch (Exception failure) {
      return undecodable(Framing.describe(failure), message);
    }
    Fault violation = contract.violation(row);
    return violation == null ? withMetadata(row) : undecodable(violation, message);
  }

  private GenericRecord read(GenericDatumReader<GenericRecord> reader, byte[] message) throws IOException {
    int length = message.length - Framing.HEADER_BYTES;
    body = DecoderFactory.get().binaryDecoder(message, Framing.HEADER_BYTES, length, body);
    GenericRecord trip = reader.read(null, body);
    if (!body.isEnd()) {
      throw new TrailingBytesException();
    }
    return trip;
  }

  private RowData withMetadata(GenericRowData row) {
    GenericRowData produced = new GenericRowData(columns.getFieldCount() + metadata.size());
    for (int i = 0; i < columns.getFieldCount(); i++) {
      produced.setField(i, row.getField(i));
    }
    return produced;
  }

  private RowData undecodable(Fault fault, byte[] message) {
    int arity = columns.getFieldCount();
    GenericRowData produced = new GenericRowData(arity + metadata.size());
    for (int i = 0; i < metadata.size(); i++) {
      produced.setField(arity + i, metadataValue(metadata.get(i), fault, message));
    }
    return produced;
  }

  private static Object metadataValue(String key, Fault fault, byte[] message) {
    switch (key) {
      case "error_class":
        return StringData.fromString(fault.errorClass());
      case "error":
        return StringData.fromString(fault.detail());
      case "schema_id":
        return Framing.isFramed(message) ? Framing.schemaId(message) : null;
      default:
        return message;
    }
  }

  @Override
  public boolean isEndOfStream(RowData nextElement) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return producedType;
  }
}
