package nyc.taxi.flink;

import java.io.Serializable;
import java.time.LocalDate;

/** The first and the last day that a date column may have, in days since the epoch. */
record DayBounds(long first, long last) implements Serializable {

  static final DayBounds NONE = new DayBounds(Long.MIN_VALUE, Long.MAX_VALUE);

  static DayBounds parse(String range) {
    String[] ends = range.split("/");
    return new DayBounds(LocalDate.parse(ends[0]).toEpochDay(), LocalDate.parse(ends[1]).toEpochDay());
  }

  /** Returns the error of a date, or null. */
  String trouble(int epochDay) {
    return epochDay >= first && epochDay <= last
        ? null
        : "is not a date from " + LocalDate.ofEpochDay(first) + " to " + LocalDate.ofEpochDay(last);
  }
}
