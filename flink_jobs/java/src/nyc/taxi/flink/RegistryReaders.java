package nyc.taxi.flink;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.table.types.logical.RowType;

/** Readers that resolve each writer's schema in the registry to the columns of the table. */
final class RegistryReaders {

  private static final int CACHED_SCHEMAS = 1000;

  /**
   * How long an id that the registry does not know counts as unknown: many such records must not overload the
   * registry. A re-drive waits longer than this, so that it finds a schema that was registered just before.
   */
  private static final long UNKNOWN_NANOS = 1_000_000_000L;

  private final SchemaRegistryClient registry;
  private final RowType columns;
  private final Map<Integer, RowReader> readers = new HashMap<>();
  private final Map<Integer, Long> unknownSince = new HashMap<>();
  private final Map<Integer, String> unusable = new HashMap<>();

  RegistryReaders(String url, Map<String, String> settings, RowType columns) {
    this.registry = new CachedSchemaRegistryClient(url, CACHED_SCHEMAS, settings);
    this.columns = columns;
  }

  /**
   * Returns the reader for a schema id, or null when the registry does not know the id.
   *
   * @throws IOException when the registry fails: the record is not the cause and must be read again
   * @throws UnusableSchemaException when the schema is not Avro, or no row can be read with it
   */
  RowReader reader(int schemaId) throws IOException, UnusableSchemaException {
    RowReader reader = readers.get(schemaId);
    if (reader != null) {
      return reader;
    }
    if (unusable.containsKey(schemaId)) {
      throw new UnusableSchemaException(unusable.get(schemaId));
    }
    return isKnownAsUnknown(schemaId) ? null : lookUp(schemaId);
  }

  private boolean isKnownAsUnknown(int schemaId) {
    Long since = unknownSince.get(schemaId);
    return since != null && System.nanoTime() - since < UNKNOWN_NANOS;
  }

  private RowReader lookUp(int schemaId) throws IOException, UnusableSchemaException {
    try {
      Schema written = registry.getById(schemaId);
      String trouble = written == null ? "it is not Avro" : troubleOf(written);
      if (trouble != null) {
        throw unusable(schemaId, trouble);
      }
      RowReader reader = RowReader.of(written, columns);
      readers.put(schemaId, reader);
      return reader;
    } catch (RestClientException answer) {
      if (answer.getStatus() != 404) {
        throw new IOException("cannot read schema " + schemaId + " from the schema registry", answer);
      }
      unknownSince.put(schemaId, System.nanoTime());
      return null;
    } catch (IOException failure) {
      // The client reports this when it got a schema that it cannot parse, of JSON for example.
      if (String.valueOf(failure.getMessage()).startsWith("Invalid schema")) {
        throw unusable(schemaId, "it is not Avro");
      }
      throw failure;
    }
  }

  private UnusableSchemaException unusable(int schemaId, String trouble) {
    unusable.put(schemaId, "schema " + schemaId + ": " + trouble);
    return new UnusableSchemaException(unusable.get(schemaId));
  }

  /**
   * Returns why no row can be read with a schema, or null. A few bytes can declare a collection of 2^63 items without
   * a size, which Avro would skip one by one.
   */
  private static String troubleOf(Schema written) {
    if (written.getType() != Schema.Type.RECORD) {
      return "it is not a record";
    }
    boolean isFlat = written.getFields().stream().map(Schema.Field::schema).allMatch(RegistryReaders::isScalar);
    return isFlat ? null : "it has fields that are not scalars";
  }

  private static boolean isScalar(Schema type) {
    switch (type.getType()) {
      case ARRAY:
      case MAP:
      case RECORD:
        return false;
      case UNION:
        return type.getTypes().stream().allMatch(RegistryReaders::isScalar);
      default:
        return true;
    }
  }
}
