package nyc.taxi.bench;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/**
 * Computes the windows with Kafka Streams, for `./taxi bench peers`.
 *
 * <p>Stream time is that of a partition of the repartition topic, into which both source partitions flow. So a progress
 * marker goes to each of them, under a negative key. And the grace period has to cover how far one source partition is
 * read ahead of the other: what is older is dropped, and its windows lack it or are missing.
 */
public final class KafkaStreamsWindows {
  private record Sums(long trips, long cents) {}

  private KafkaStreamsWindows() {}

  /** Runs until it is ended; arguments: brokers, registry, topic, its partitions, application id, folder, grace in ms. */
  public static void main(String[] arguments) {
    Digest digest = new Digest();
    String registry = arguments[1];
    StreamsBuilder builder = new StreamsBuilder();
    KStream<byte[], TripReader.Trip> trips =
        builder.stream(
            arguments[2],
            Consumed.with(Serdes.ByteArray(), Serdes.serdeFrom(noSerializer(), new TripReader(registry)))
                .withTimestampExtractor(
                    (record, time) ->
                        record.value() instanceof TripReader.Trip trip && trip.valid()
                            ? trip.dropoffMs()
                            : record.timestamp()));
    addWindows(trips, Integer.parseInt(arguments[3]), Duration.ofMillis(Long.parseLong(arguments[6])), digest);
    KafkaStreams streams = new KafkaStreams(builder.build(), properties(arguments));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(5))));
    streams.start();
  }

  private static void addWindows(
      KStream<byte[], TripReader.Trip> trips, int partitions, Duration grace, Digest digest) {
    AtomicLongArray clocks = new AtomicLongArray(partitions);
    trips
        .process(() -> new ByZone(clocks))
        .repartition(
            Repartitioned.with(Serdes.Integer(), Serdes.Long())
                .withName("by-zone")
                .withNumberOfPartitions(partitions)
                .withStreamPartitioner(
                    (topic, zone, cents, count) -> Optional.of(Set.of(Math.abs(zone) % count))))
        // Counted here and not at the source, which is read far ahead of the windows.
        .peek((zone, cents) -> digest.read(zone > 0))
        .groupByKey()
        .windowedBy(
            TimeWindows.ofSizeAndGrace(Duration.ofMinutes(15), grace).advanceBy(Duration.ofMinutes(1)))
        .aggregate(
            () -> new Sums(0, 0),
            (zone, cents, sums) -> new Sums(sums.trips() + 1, sums.cents() + cents),
            Materialized.with(Serdes.Integer(), sumsSerde()))
        .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))
        .toStream()
        .filter((window, sums) -> window.key() > 0)
        .foreach(
            (window, sums) -> digest.add(window.key(), window.window().end(), sums.trips(), sums.cents()));
  }

  /** Puts trips under their zones, and progress markers under a negative key for each partition. */
  private static final class ByZone extends ContextualProcessor<byte[], TripReader.Trip, Integer, Long> {
    private final AtomicLongArray clocks;

    ByZone(AtomicLongArray clocks) {
      this.clocks = clocks;
    }

    @Override
    public void process(Record<byte[], TripReader.Trip> record) {
      TripReader.Trip trip = record.value();
      if (trip == null) {
        clocks.set(context().recordMetadata().orElseThrow().partition(), record.timestamp());
        forwardClock(record);
      } else if (trip.valid()) {
        context().forward(record.withKey(trip.zone()).withValue(trip.cents()));
      }
    }

    /** Forwards the clock of the partition that is behind: the last marker of one must not close the other's windows. */
    private void forwardClock(Record<byte[], TripReader.Trip> marker) {
      long clock = IntStream.range(0, clocks.length()).mapToLong(clocks::get).min().orElse(0);
      for (int number = 1; clock > 0 && number <= clocks.length(); number++) {
        context().forward(marker.withKey(-number).withValue(0L).withTimestamp(clock));
      }
    }
  }

  private static Properties properties(String[] arguments) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[4]);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, arguments[5]);
    // One thread takes records of all its partitions in turn. Several would each run as far ahead as they can.
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    properties.put(
        StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
    properties.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    properties.put(StreamsConfig.producerPrefix("linger.ms"), "100");
    properties.put(StreamsConfig.producerPrefix("batch.size"), String.valueOf(256 << 10));
    properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    return properties;
  }

  private static Serde<Sums> sumsSerde() {
    Serializer<Sums> write =
        (topic, sums) ->
            sums == null
                ? null
                : ByteBuffer.allocate(16).putLong(sums.trips()).putLong(sums.cents()).array();
    Deserializer<Sums> read =
        (topic, bytes) -> {
          if (bytes == null) {
            return null;
          }
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          return new Sums(buffer.getLong(), buffer.getLong());
        };
    return Serdes.serdeFrom(write, read);
  }

  private static Serializer<TripReader.Trip> noSerializer() {
    return (topic, trip) -> {
      throw new UnsupportedOperationException("trips are only read");
    };
  }
}
