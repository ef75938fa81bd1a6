package nyc.taxi.flink;

import java.io.Serializable;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ReadableConfig;

/** The limits for the values of each column of a record, beyond its type. */
final class ValueBounds implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final Pattern UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private final Set<String> required;
  private final Set<String> uuids;
  private final int longestText;
  private final Map<String, Set<String>> allowed = new HashMap<>();
  private final Map<String, long[]> days = new HashMap<>();

  ValueBounds(ReadableConfig options) {
    required = Set.copyOf(options.get(TolerantAvroFormatFactory.REQUIRED_FIELDS));
    uuids = Set.copyOf(options.get(TolerantAvroFormatFactory.UUID_FIELDS));
    longestText = options.get(TolerantAvroFormatFactory.LONGEST_TEXT);
    options
        .get(TolerantAvroFormatFactory.ALLOWED_VALUES)
        .forEach((name, values) -> allowed.put(name, Set.of(values.split("\\|"))));
    options
        .get(TolerantAvroFormatFactory.DATE_RANGES)
        .forEach((name, range) -> days.put(name, daysOf(range)));
  }

  private static long[] daysOf(String range) {
    String[] ends = range.split("/");
    return new long[] {LocalDate.parse(ends[0]).toEpochDay(), LocalDate.parse(ends[1]).toEpochDay()};
  }

  boolean isRequired(String name) {
    return required.contains(name);
  }

  /** Returns the error of a text, or null. */
  String troubleOfText(String name, String text) {
    if (text.length() > longestText) {
      return "has " + text.length() + " characters, the limit is " + longestText;
    }
    if (text.indexOf('\0') >= 0) {
      return "is a text that cannot be stored";
    }
    if (uuids.contains(name) && !UUID.matcher(text).matches()) {
      return "is not a UUID";
    }
    Set<String> known = allowed.get(name);
    return known == null || known.contains(text) ? null : "is not one of " + String.join(", ", known.stream().sorted().toList());
  }

  /** Returns the error of a date, or null. */
  String troubleOfDay(String name, int epochDay) {
    long[] range = days.get(name);
    return range == null || (epochDay >= range[0] && epochDay <= range[1])
        ? null
        : "is not a date from " + LocalDate.ofEpochDay(range[0]) + " to " + LocalDate.ofEpochDay(range[1]);
  }
}
