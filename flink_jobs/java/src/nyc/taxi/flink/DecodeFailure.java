package nyc.taxi.flink;

import java.io.EOFException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLException;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;

/** Why a record could not be decoded: an error class, a colon and details. */
final class DecodeFailure {

  /** Confluent's wire format: a zero byte, four bytes of schema id, the Avro body. */
  private static final int HEADER_BYTES = 5;

  private static final byte MAGIC = 0;

  private DecodeFailure() {}

  /** The failure of a record that is not even framed, or null when its frame is sound. */
  static String ofFraming(byte[] message) {
    if (message == null) {
      return "null_value: the record has no value";
    }
    if (message.length <= HEADER_BYTES) {
      return "too_short: " + message.length + " bytes, a framed record has more than " + HEADER_BYTES;
    }
    if (message[0] != MAGIC) {
      return String.format("wrong_magic: the first byte is 0x%02x, not 0x00", message[0]);
    }
    return null;
  }

  static Integer schemaId(byte[] message) {
    boolean framed = message != null && message.length >= HEADER_BYTES && message[0] == MAGIC;
    return framed ? ByteBuffer.wrap(message).getInt(1) : null;
  }

  /** Whether the registry failed rather than the record: then the record must be tried again, never set aside. */
  static boolean isOfRegistry(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketException
          || cause instanceof SocketTimeoutException
          || cause instanceof UnknownHostException
          || cause instanceof SSLException) {
        return true;
      }
      if (cause instanceof RestClientException) {
        return !isNotFound((RestClientException) cause);
      }
    }
    return false;
  }

  static String describe(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RestClientException) {
        return "unknown_schema: the registry does not know the schema id";
      }
      if (cause instanceof EOFException) {
        return "truncated: the record ends before its last field";
      }
    }
    return ("undecodable: " + root(failure)).replace('\0', ' ');
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private static boolean isNotFound(RestClientException answer) {
    return answer.getStatus() == 404;
  }
}
