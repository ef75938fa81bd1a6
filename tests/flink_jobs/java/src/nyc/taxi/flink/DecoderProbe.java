package nyc.taxi.flink;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Scanner;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;

/**
 * Drives a TolerantAvroDecoder by the lines of standard input, and prints what becomes of each message. The schemas
 * are served by HTTP, as a registry does.
 */
public final class DecoderProbe {

  private static final List<String> METADATA = List.of("error_class", "error", "schema_id", "payload");
  private static final int MESSAGES_OF_WRITER = 100;

  private final Map<Integer, String> schemas = new ConcurrentHashMap<>();
  private final List<RowType.RowField> fields = new ArrayList<>();
  private final Configuration options = new Configuration();
  private final HttpServer registry;
  private TolerantAvroDecoder decoder;
  private RowType columns;

  private DecoderProbe() throws IOException {
    registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    registry.createContext("/schemas/ids/", this::answer);
    registry.start();
  }

  public static void main(String[] arguments) throws Exception {
    DecoderProbe probe = new DecoderProbe();
    try (Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8)) {
      while (lines.hasNextLine()) {
        probe.obey(lines.nextLine().split(" ", 3));
      }
    } finally {
      probe.registry.stop(0);
    }
  }

  private void obey(String[] words) throws Exception {
    switch (words[0]) {
      case "column" -> fields.add(new RowType.RowField(words[1], type(words[2])));
      case "option" -> options.setString(words[1], words[2]);
      case "schema" -> schemas.put(Integer.parseInt(words[1]), words[2]);
      case "open" -> open();
      case "decode" -> System.out.println(shown(decode(words.length < 2 ? null : HexFormat.of().parseHex(words[1]))));
      default -> compare(new Random(Long.parseLong(words[1])), Integer.parseInt(words[2]));
    }
  }

  private static LogicalType type(String sql) {
    return LogicalTypeParser.parse(sql, DecoderProbe.class.getClassLoader());
  }

  private void open() {
    columns = new RowType(false, fields);
    RowContract contract = new RowContract(columns, new ValueBounds(options));
    String url = "http://localhost:" + registry.getAddress().getPort();
    decoder = new TolerantAvroDecoder(columns, contract, METADATA, null, url, Map.of());
    decoder.open(null);
  }

  private GenericPath.Outcome decode(byte[] message) throws IOException {
    GenericRowData produced = (GenericRowData) decoder.deserialize(message);
    GenericRowData row = new GenericRowData(fields.size());
    for (int i = 0; i < fields.size(); i++) {
      Object value = produced.getField(i);
      // Without the Java string that it may hold, a text is compared by its bytes.
      row.setField(i, value instanceof StringData text ? StringData.fromBytes(text.toBytes()) : value);
    }
    Object errorClass = produced.getField(fields.size());
    if (errorClass == null) {
      return new GenericPath.Outcome(row, null);
    }
    String detail = produced.getField(fields.size() + 1).toString();
    return new GenericPath.Outcome(null, new Fault(errorClass.toString(), detail));
  }

  private static String shown(GenericPath.Outcome outcome) {
    Fault fault = outcome.fault();
    return fault == null ? "row " + outcome.row() : fault.errorClass() + " " + fault.detail();
  }

  /** Prints where the decoder differs from a generic record of Avro, and how often each outcome occurred. */
  private void compare(Random random, int writers) throws Exception {
    GenericPath generic = new GenericPath(columns, options);
    Map<String, Integer> outcomes = new TreeMap<>();
    List<String> published = List.copyOf(schemas.values());
    int differences = 0;
    for (int id = 1000; id < 1000 + writers; id++) {
      RandomWriter writer =
          new RandomWriter(random, new Schema.Parser().parse(published.get(random.nextInt(published.size()))));
      schemas.put(id, writer.schema().toString());
      List<byte[]> messages = new ArrayList<>();
      for (int i = 0; i < MESSAGES_OF_WRITER; i++) {
        messages.add(writer.message(id));
      }
      List<GenericPath.Outcome> expected = generic.decode(writer.schema(), messages);
      differences += differences(writer.schema(), messages, expected);
      for (GenericPath.Outcome outcome : expected) {
        outcomes.merge(outcome.fault() == null ? "row" : outcome.fault().errorClass(), 1, Integer::sum);
      }
    }
    System.out.println(differences + " differences");
    outcomes.forEach((outcome, count) -> System.out.println(outcome + " " + count));
  }

  /** Compares when all are decoded: no row may change by those that follow it. */
  private int differences(Schema written, List<byte[]> messages, List<GenericPath.Outcome> expected)
      throws IOException {
    List<GenericPath.Outcome> found = new ArrayList<>();
    for (byte[] message : messages) {
      found.add(decode(message));
    }
    int differences = 0;
    for (int i = 0; i < messages.size(); i++) {
      if (!expected.get(i).equals(found.get(i))) {
        differences++;
        System.err.println("expected " + shown(expected.get(i)) + "\nfound " + shown(found.get(i)));
        System.err.println("of " + HexFormat.of().formatHex(messages.get(i)) + "\nby " + written);
      }
    }
    return differences;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String schema = schemas.get(Integer.parseInt(path.substring(path.lastIndexOf('/') + 1)));
    Map<String, Object> found =
        schema == null
            ? Map.of("error_code", 40403, "message", "Schema not found")
            : Map.of("schema", schema);
    byte[] body = new ObjectMapper().writeValueAsBytes(found);
    exchange.getResponseHeaders().add("Content-Type", "application/vnd.schemaregistry.v1+json");
    exchange.sendResponseHeaders(schema == null ? 404 : 200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
