package nyc.taxi.flink;

/** {@code counted('late_arrivals', trip_id)} counts each row and returns the trip id. */
public final class Counted extends PassThrough {

  private static final long serialVersionUID = 1L;

  public Counted() {
    super(2);
  }

  public String eval(String name, String value) {
    counters.add(name, 1);
    return value;
  }

  public Long eval(String name, Long value) {
    counters.add(name, 1);
    return value;
  }
}
