package nyc.taxi.flink;

/** The registry knows a schema by which no record of a table can have been written. */
final class UnusableSchemaException extends Exception {

  private static final long serialVersionUID = 1L;

  UnusableSchemaException(String why) {
    super(why);
  }
}
