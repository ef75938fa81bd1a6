package nyc.taxi.flink;

/** The registry knows the schema, but no record of the table can have been written with it. */
final class UnusableSchemaException extends Exception {

  private static final long serialVersionUID = 1L;

  UnusableSchemaException(String why) {
    super(why);
  }
}
