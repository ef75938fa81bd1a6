package nyc.taxi.flink;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/** Counters of one operator, {@code taxi_NAME_total}, or {@code taxi_NAME_by_LABEL_total} with a label. */
final class TaxiCounters {

  private final MetricGroup operator;
  private final Map<String, Counter> counters = new HashMap<>();
  private final Map<String, Counter> labelled = new HashMap<>();

  TaxiCounters(MetricGroup operator) {
    this.operator = operator;
  }

  void add(String name, long amount) {
    counters.computeIfAbsent(name, this::plain).inc(amount);
  }

  /** Counts one for each of the values, which are one word, or several as a Postgres array literal. */
  void addOneBy(String name, String label, String values) {
    for (String value : values.replaceAll("[{}]", "").split(",")) {
      labelled.computeIfAbsent(name + ' ' + value, unused -> labelled(name, label, value)).inc();
    }
  }

  private Counter plain(String name) {
    return operator.addGroup("taxi").counter(name + "_total");
  }

  private Counter labelled(String name, String label, String value) {
    return operator.addGroup("taxi").addGroup(name + "_by").addGroup(label, value).counter("total");
  }
}
