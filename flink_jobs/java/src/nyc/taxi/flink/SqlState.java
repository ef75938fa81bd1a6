package nyc.taxi.flink;

import java.sql.SQLException;
import java.util.Set;

/** What an error of Postgres is about, by its SQLSTATE. */
final class SqlState {

  /**
   * Data that does not fit, constraints, and limits such as the size of a row in an index: errors that a row causes.
   */
  private static final Set<String> REFUSALS = Set.of("22", "23", "54");

  /** Broken binary formats: these would be errors of the sink, in every row. */
  private static final Set<String> FAULTS_OF_THE_SINK = Set.of("22P03", "22P04");

  /** The connection, and resources that are short. */
  private static final Set<String> TRANSIENT_CLASSES = Set.of("08", "53");

  /**
   * A serialization failure, a deadlock, a lock that was not available, a cancelled statement, a database that shuts
   * down, starts or was replaced by its read-only copy.
   */
  private static final Set<String> TRANSIENT =
      Set.of("40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "25006");

  private static final String ROW_TWICE_IN_ONE_UPSERT = "21000";

  private SqlState() {}

  /** Returns whether Postgres can never store one of the rows. */
  static boolean isRefusal(SQLException failure) {
    String state = of(failure);
    return REFUSALS.contains(state.substring(0, 2)) && !FAULTS_OF_THE_SINK.contains(state);
  }

  /** Returns whether the same rows may be stored when they are written again. */
  static boolean isTransient(SQLException failure) {
    String state = of(failure);
    return TRANSIENT_CLASSES.contains(state.substring(0, 2)) || TRANSIENT.contains(state);
  }

  /** Returns whether two keys are one for Postgres although their bytes differ, such as 0.0 and -0.0. */
  static boolean isRepeatedKey(SQLException failure) {
    return of(failure).equals(ROW_TWICE_IN_ONE_UPSERT);
  }

  private static String of(SQLException failure) {
    String state = failure.getSQLState();
    return state != null && state.length() == 5 ? state : "unknown";
  }
}
