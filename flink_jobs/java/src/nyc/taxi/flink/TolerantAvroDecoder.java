package nyc.taxi.flink;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
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

  private static final long serialVersionUID = 5L;

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

  private transient RegistryReaders readers;

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
  }

  @Override
  public void open(InitializationContext context) {
    readers = new RegistryReaders(registryUrl, registrySettings, columns);
  }

  @Override
  public RowData deserialize(byte[] message) throws IOException {
    Fault malformed = Framing.fault(message);
    if (malformed != null) {
      return undecodable(malformed, message);
    }
    RowReader reader;
    try {
      reader = readers.reader(Framing.schemaId(message));
    } catch (UnusableSchemaException unusable) {
      return undecodable(new Fault("wrong_type", unusable.getMessage()), message);
    }
    if (reader == null) {
      return undecodable(UNKNOWN_SCHEMA, message);
    }
    GenericRowData row = new GenericRowData(columns.getFieldCount() + metadata.size());
    try {
      reader.read(message, Framing.HEADER_BYTES, row);
    } catch (Exception failure) {
      return undecodable(Framing.describe(failure), message);
    }
    Fault violation = contract.violation(row);
    return violation == null ? row : undecodable(violation, message);
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
