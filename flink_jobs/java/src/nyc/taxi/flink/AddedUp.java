package nyc.taxi.flink;

/** {@code added_up('duplicates', copies - 1)} adds up the amounts and returns the amount. */
public final class AddedUp extends PassThrough {

  private static final long serialVersionUID = 1L;

  public AddedUp() {
    super(2);
  }

  public Long eval(String name, Long amount) {
    counters.add(name, amount);
    return amount;
  }
}
