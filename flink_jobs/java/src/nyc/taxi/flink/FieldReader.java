package nyc.taxi.flink;

import java.io.IOException;
import java.util.List;
import org.apache.flink.avro.shaded.org.apache.avro.AvroTypeException;
import org.apache.flink.avro.shaded.org.apache.avro.Resolver;
import org.apache.flink.avro.shaded.org.apache.avro.Resolver.Action;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.TimestampType;

/** Reads the next value of a record as the value of a column, as it is stored in a row. */
@FunctionalInterface
interface FieldReader {

  Object read(BinaryDecoder body) throws IOException;

  /** Whether any field can be read as a column of this type. */
  static boolean canFill(LogicalType column) {
    switch (column.getTypeRoot()) {
      case BOOLEAN:
      case INTEGER:
      case DATE:
      case BIGINT:
      case FLOAT:
      case DOUBLE:
      case CHAR:
      case VARCHAR:
        return true;
      case TIMESTAMP_WITHOUT_TIME_ZONE:
        return ((TimestampType) column).getPrecision() <= 3; // Avro's type of it counts milliseconds
      default:
        return false;
    }
  }

  /** Returns the reader of a field whose way into its column Avro has resolved. */
  static FieldReader of(Action action, LogicalType column) {
    if (action instanceof Resolver.ReaderUnion union) {
      return of(union.actualAction, column);
    }
    if (action instanceof Resolver.WriterUnion union) {
      FieldReader[] branches = new FieldReader[union.actions.length];
      for (int i = 0; i < branches.length; i++) {
        branches[i] = of(union.actions[i], column);
      }
      return ofUnion(union.writer.getTypes(), branches);
    }
    if (action instanceof Resolver.ErrorAction) {
      return failing(action.toString());
    }
    return ofScalar(action.writer.getType(), column);
  }

  /** Returns a reader that fails: Avro rejects a value, not a schema, so that other branches of a union can be read. */
  static FieldReader failing(String message) {
    return body -> {
      throw new AvroTypeException(message);
    };
  }

  private static FieldReader ofUnion(List<Schema> types, FieldReader[] branches) {
    if (branches.length != 2 || types.stream().noneMatch(Schema::isNullable)) {
      return body -> branches[branch(body, branches.length)].read(body);
    }
    int nullBranch = types.get(0).isNullable() ? 0 : 1;
    FieldReader value = branches[1 - nullBranch];
    return body -> branch(body, 2) == nullBranch ? null : value.read(body);
  }

  private static int branch(BinaryDecoder body, int branches) throws IOException {
    int branch = body.readIndex();
    if (branch < 0 || branch >= branches) {
      throw new ArrayIndexOutOfBoundsException("Index " + branch + " out of bounds for length " + branches);
    }
    return branch;
  }

  private static FieldReader ofScalar(Schema.Type written, LogicalType column) {
    if (written == Schema.Type.NULL) {
      return body -> null;
    }
    switch (column.getTypeRoot()) {
      case BOOLEAN:
        return BinaryDecoder::readBoolean;
      case INTEGER:
      case DATE:
        return BinaryDecoder::readInt;
      case BIGINT:
        return written == Schema.Type.INT ? body -> (long) body.readInt() : BinaryDecoder::readLong;
      case TIMESTAMP_WITHOUT_TIME_ZONE:
        return written == Schema.Type.INT
            ? body -> TimestampData.fromEpochMillis(body.readInt())
            : body -> TimestampData.fromEpochMillis(body.readLong());
      case FLOAT:
        return ofFloat(written);
      case DOUBLE:
        return ofDouble(written);
      case CHAR:
      case VARCHAR:
        return new TextReader(written);
      default:
        throw new IllegalArgumentException("Avro's " + written + " cannot be read as " + column);
    }
  }

  private static FieldReader ofFloat(Schema.Type written) {
    switch (written) {
      case INT:
        return body -> (float) body.readInt();
      case LONG:
        return body -> (float) body.readLong();
      default:
        return BinaryDecoder::readFloat;
    }
  }

  private static FieldReader ofDouble(Schema.Type written) {
    switch (written) {
      case INT:
        return body -> (double) body.readInt();
      case LONG:
        return body -> (double) body.readLong();
      case FLOAT:
        return body -> (double) body.readFloat();
      default:
        return BinaryDecoder::readDouble;
    }
  }

  /** Returns a reader that passes over a value of a field that has no column. */
  static FieldReader skipping(Schema written) {
    switch (written.getType()) {
      case NULL:
        return body -> null;
      case STRING:
      case BYTES:
        return body -> {
          body.skipString();
          return null;
        };
      case FIXED:
        int size = written.getFixedSize();
        return body -> {
          body.skipFixed(size);
          return null;
        };
      case UNION:
        return ofUnion(
            written.getTypes(), written.getTypes().stream().map(FieldReader::skipping).toArray(FieldReader[]::new));
      case BOOLEAN:
        return BinaryDecoder::readBoolean;
      case FLOAT:
        return BinaryDecoder::readFloat;
      case DOUBLE:
        return BinaryDecoder::readDouble;
      case LONG:
        return BinaryDecoder::readLong;
      case INT:
      case ENUM:
        return BinaryDecoder::readInt;
      default:
        throw new IllegalArgumentException(written + " is not a scalar");
    }
  }
}
