package nyc.taxi.flink;

/** {@code counted_by('dead_letters', 'error_class', error_class)} counts each class and returns the class. */
public final class CountedBy extends PassThrough {

  private static final long serialVersionUID = 1L;

  public CountedBy() {
    super(3);
  }

  public String eval(String name, String label, String values) {
    counters.addOneBy(name, label, values);
    return values;
  }
}
