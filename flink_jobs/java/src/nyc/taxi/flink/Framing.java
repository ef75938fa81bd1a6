package nyc.taxi.flink;

import java.io.EOFException;
import java.nio.ByteBuffer;

/** Confluent's wire format (a zero byte, four bytes of schema id, the Avro body) and the errors it may contain. */
final class Framing {

  static final int HEADER_BYTES = 5;

  private static final byte MAGIC = 0;
  private static final int LONGEST_DETAIL = 1000;

  private Framing() {}

  /** Returns the error of the frame, or null when it is valid. */
  static Fault fault(byte[] message) {
    if (message == null) {
      return new Fault("null_value", "the record has no value");
    }
    if (message.length <= HEADER_BYTES) {
      return new Fault(
          "too_short", "the record has " + message.length + " bytes, a framed record has more than " + HEADER_BYTES);
    }
    if (message[0] != MAGIC) {
      return new Fault("wrong_magic", String.format("the first byte is 0x%02x, not 0x00", message[0]));
    }
    return null;
  }

  static boolean isFramed(byte[] message) {
    return message != null && message.length >= HEADER_BYTES && message[0] == MAGIC;
  }

  static int schemaId(byte[] message) {
    return ByteBuffer.wrap(message).getInt(1);
  }

  /** Describes the error of a record whose frame is valid. */
  static Fault describe(Exception failure) {
    if (failure instanceof EOFException) {
      return new Fault("truncated", "the record ends before its last field");
    }
    if (failure instanceof TrailingBytesException) {
      return new Fault("trailing_bytes", "the record has bytes after its last field");
    }
    // Postgres stores no U+0000 in a text, and the header of a dead letter should not repeat a long value.
    String words = failure.toString().replace('\0', ' ');
    return new Fault("wrong_type", words.length() <= LONGEST_DETAIL ? words : words.substring(0, LONGEST_DETAIL));
  }
}
