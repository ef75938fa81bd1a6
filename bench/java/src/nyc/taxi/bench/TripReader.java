package nyc.taxi.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.common.serialization.Deserializer;

/** Decodes of a trip what the windows need; the writer's schema is in the registry, as the record's header says. */
final class TripReader implements Deserializer<TripReader.Trip> {
  /** A trip; zone and cents count only where it is valid. */
  record Trip(boolean valid, long dropoffMs, int zone, long cents) {}

  private static final int HEADER_BYTES = 5;
  private static final long DAY_MS = 86_400_000L;
  private static final Schema READ =
      SchemaBuilder.record("Trip")
          .namespace("nyc.taxi")
          .fields()
          .requiredInt("source_month")
          .optionalLong("pickup_at")
          .optionalLong("dropoff_at")
          .optionalInt("pickup_zone_id")
          .optionalLong("total_amount_cents")
          .endRecord();

  private final String registry;

  /** Kafka Streams gives one deserializer to all of its threads. */
  private final ThreadLocal<Reused> perThread = ThreadLocal.withInitial(Reused::new);

  private static final class Reused {
    private final Map<Integer, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
    private BinaryDecoder decoder;
    private GenericRecord record;
  }

  TripReader(String registry) {
    this.registry = registry;
  }

  @Override
  public Trip deserialize(String topic, byte[] value) {
    if (value == null) {
      return null;
    }
    try {
      int schemaId = ByteBuffer.wrap(value).getInt(1);
      Reused own = perThread.get();
      own.decoder =
          DecoderFactory.get().binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, own.decoder);
      own.record = own.readers.computeIfAbsent(schemaId, this::reader).read(own.record, own.decoder);
      return trip(own.record);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static Trip trip(GenericRecord found) {
    Long pickup = (Long) found.get("pickup_at");
    Long dropoff = (Long) found.get("dropoff_at");
    Integer zone = (Integer) found.get("pickup_zone_id");
    Long cents = (Long) found.get("total_amount_cents");
    if (pickup == null || dropoff == null || zone == null || cents == null) {
      return new Trip(false, 0, 0, 0);
    }
    LocalDate month = LocalDate.ofEpochDay((Integer) found.get("source_month"));
    boolean valid =
        dropoff > pickup
            && dropoff - pickup <= DAY_MS
            && pickup >= milliseconds(month) - DAY_MS
            && pickup < milliseconds(month.plusMonths(1)) + DAY_MS
            && zone >= 1
            && zone <= 265
            && cents > 0
            && cents <= 100_000;
    return new Trip(valid, dropoff, zone, cents);
  }

  private static long milliseconds(LocalDate day) {
    return day.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
  }

  private GenericDatumReader<GenericRecord> reader(int schemaId) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + schemaId)).build();
      String answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
      String text = new ObjectMapper().readTree(answer).get("schema").asText();
      return new GenericDatumReader<>(new Schema.Parser().parse(text), READ);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }
}
