package nyc.taxi.flink;

import java.io.IOException;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.AvroToRowDataConverters.AvroToRowDataConverter;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Decodes a record by a generic record of Avro and the converters of Flink, and checks its texts as Java strings. It
 * shares nothing with the decoder that it is compared with except the frame and the words for a failure.
 */
final class GenericPath {

  private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  private final RowType columns;
  private final AvroToRowDataConverter converter;
  private final List<String> required;
  private final List<String> uuids;
  private final int longestText;
  private final Map<String, Set<String>> allowed;
  private final Map<String, String> days;

  /** A row or why there is none. */
  record Outcome(GenericRowData row, Fault fault) {}

  GenericPath(RowType columns, ReadableConfig options) {
    this.columns = columns;
    converter = AvroToRowDataConverters.createRowConverter(columns);
    required = options.get(TolerantAvroFormatFactory.REQUIRED_FIELDS);
    uuids = options.get(TolerantAvroFormatFactory.UUID_FIELDS);
    longestText = options.get(TolerantAvroFormatFactory.LONGEST_TEXT);
    allowed =
        options.get(TolerantAvroFormatFactory.ALLOWED_VALUES).entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> Set.of(entry.getValue().split("\\|"))));
    days = options.get(TolerantAvroFormatFactory.DATE_RANGES);
  }

  List<Outcome> decode(Schema written, List<byte[]> messages) {
    GenericDatumReader<GenericRecord> reader =
        new GenericDatumReader<>(written, AvroSchemaConverter.convertToSchema(columns));
    return messages.stream().map(message -> decode(reader, message)).toList();
  }

  private Outcome decode(GenericDatumReader<GenericRecord> reader, byte[] message) {
    Fault malformed = Framing.fault(message);
    if (malformed != null) {
      return new Outcome(null, malformed);
    }
    try {
      GenericRowData row = (GenericRowData) converter.convert(read(reader, message));
      Fault violation = violation(row);
      return violation == null ? new Outcome(row, null) : new Outcome(null, violation);
    } catch (Exception failure) {
      return new Outcome(null, Framing.describe(failure));
    }
  }

  private static GenericRecord read(GenericDatumReader<GenericRecord> reader, byte[] message) throws IOException {
    int length = message.length - Framing.HEADER_BYTES;
    BinaryDecoder body = DecoderFactory.get().binaryDecoder(message, Framing.HEADER_BYTES, length, null);
    GenericRecord record = reader.read(null, body);
    if (!body.isEnd()) {
      throw new TrailingBytesException();
    }
    return record;
  }

  private Fault violation(GenericRowData row) {
    for (int i = 0; i < columns.getFieldCount(); i++) {
      String name = columns.getFieldNames().get(i);
      Object value = row.getField(i);
      if (value == null && required.contains(name)) {
        return new Fault("missing_value", name + " is null");
      }
      String trouble = trouble(name, i, value);
      if (trouble != null) {
        return new Fault("impossible_value", name + " " + trouble);
      }
    }
    return null;
  }

  private String trouble(String name, int column, Object value) {
    if (value instanceof StringData text) {
      return troubleOfText(name, text.toString());
    }
    if (value instanceof TimestampData clock) {
      int year = LocalDate.ofEpochDay(Math.floorDiv(clock.getMillisecond(), 86_400_000L)).getYear();
      return year < 1 || year > 9999 ? "is a timestamp that cannot be stored" : null;
    }
    if (value instanceof Float || value instanceof Double) {
      return Double.isFinite(((Number) value).doubleValue()) ? null : "is not a finite number";
    }
    return value != null && days.containsKey(name) ? troubleOfDay(days.get(name), (Integer) value) : null;
  }

  private String troubleOfText(String name, String text) {
    if (text.length() > longestText) {
      return "has " + text.length() + " characters, the limit is " + longestText;
    }
    if (text.contains("\0")) {
      return "is a text that cannot be stored";
    }
    if (uuids.contains(name) && !text.matches(UUID)) {
      return "is not a UUID";
    }
    Set<String> known = allowed.get(name);
    return known == null || known.contains(text)
        ? null
        : "is not one of " + String.join(", ", known.stream().sorted().toList());
  }

  private static String troubleOfDay(String range, int epochDay) {
    LocalDate first = LocalDate.parse(range.split("/")[0]);
    LocalDate last = LocalDate.parse(range.split("/")[1]);
    LocalDate day = LocalDate.ofEpochDay(epochDay);
    return day.isBefore(first) || day.isAfter(last) ? "is not a date from " + first + " to " + last : null;
  }
}
