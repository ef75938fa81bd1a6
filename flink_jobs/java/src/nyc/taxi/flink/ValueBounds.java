package nyc.taxi.flink;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.flink.configuration.ReadableConfig;

/** The limits for the values of each column of a record, beyond its type. */
final class ValueBounds implements Serializable {

  private static final long serialVersionUID = 2L;

  private final Set<String> required;
  private final Set<String> uuids;
  private final int longestText;
  private final Map<String, SortedSet<String>> allowed = new HashMap<>();
  private final Map<String, DayBounds> days = new HashMap<>();

  ValueBounds(ReadableConfig options) {
    required = Set.copyOf(options.get(TolerantAvroFormatFactory.REQUIRED_FIELDS));
    uuids = Set.copyOf(options.get(TolerantAvroFormatFactory.UUID_FIELDS));
    longestText = options.get(TolerantAvroFormatFactory.LONGEST_TEXT);
    options
        .get(TolerantAvroFormatFactory.ALLOWED_VALUES)
        .forEach((name, values) -> allowed.put(name, new TreeSet<>(List.of(values.split("\\|")))));
    options
        .get(TolerantAvroFormatFactory.DATE_RANGES)
        .forEach((name, range) -> days.put(name, DayBounds.parse(range)));
  }

  boolean isRequired(String name) {
    return required.contains(name);
  }

  TextBounds ofText(String name) {
    return new TextBounds(longestText, uuids.contains(name), allowed.get(name));
  }

  DayBounds ofDay(String name) {
    return days.getOrDefault(name, DayBounds.NONE);
  }
}
