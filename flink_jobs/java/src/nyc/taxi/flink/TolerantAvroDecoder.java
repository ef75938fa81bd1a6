package nyc.taxi.flink;

import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** Decodes a record that keeps the contract, or says in its metadata columns why it cannot be decoded. */
final class TolerantAvroDecoder implements DeserializationSchema<RowData> {

  private static final long serialVersionUID = 1L;

  private final DeserializationSchema<RowData> strict;
  private final RowContract contract;
  private final int arity;
  private final List<String> metadata;
  private final TypeInformation<RowData> producedType;

  TolerantAvroDecoder(
      DeserializationSchema<RowData> strict,
      RowContract contract,
      int arity,
      List<String> metadata,
      TypeInformation<RowData> producedType) {
    this.strict = strict;
    this.contract = contract;
    this.arity = arity;
    this.metadata = metadata;
    this.producedType = producedType;
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    strict.open(context);
  }

  @Override
  public RowData deserialize(byte[] message) throws IOException {
    String malformed = DecodeFailure.ofFraming(message);
    if (malformed != null) {
      return undecodable(malformed, message);
    }
    try {
      GenericRowData row = (GenericRowData) strict.deserialize(message);
      String violation = contract.violation(row);
      return violation == null ? decoded(row) : undecodable(violation, message);
    } catch (Exception | OutOfMemoryError failure) {
      // A corrupt length asks for an array beyond the heap; that allocation fails alone, the heap is sound.
      if (DecodeFailure.isOfRegistry(failure)) {
        throw failure;
      }
      return undecodable(DecodeFailure.describe(failure), message);
    }
  }

  private RowData decoded(GenericRowData row) {
    if (metadata.isEmpty()) {
      return row;
    }
    GenericRowData produced = new GenericRowData(arity + metadata.size());
    for (int i = 0; i < arity; i++) {
      produced.setField(i, row.getField(i));
    }
    return produced;
  }

  private RowData undecodable(String error, byte[] message) {
    GenericRowData produced = new GenericRowData(arity + metadata.size());
    for (int i = 0; i < metadata.size(); i++) {
      produced.setField(arity + i, metadataValue(metadata.get(i), error, message));
    }
    return produced;
  }

  private static Object metadataValue(String key, String error, byte[] message) {
    switch (key) {
      case "error":
        return StringData.fromString(error);
      case "schema_id":
        return DecodeFailure.schemaId(message);
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
