package nyc.taxi.flink;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedSet;
import org.apache.flink.table.data.StringData;

/**
 * The limits of the texts of one column. Nearly all texts are ASCII and within them, which their bytes show; only the
 * others are decoded.
 */
final class TextBounds implements Serializable {

  private static final long serialVersionUID = 1L;

  /** By unit of UTF-8: 1 for a lower hexadecimal digit, 2 for a hyphen, 0 for all others. */
  private static final byte[] KIND_OF_UNIT = new byte[256];

  static {
    for (char digit : "0123456789abcdef".toCharArray()) {
      KIND_OF_UNIT[digit] = 1;
    }
    KIND_OF_UNIT['-'] = 2;
  }

  private static final byte[] UUID_KINDS = kindsOf("00000000-0000-0000-0000-000000000000");

  private final int longest;
  private final boolean isUuid;
  private final SortedSet<String> allowed;
  private final byte[][] allowedBytes;

  /** {@code allowed} is null where every text is allowed. */
  TextBounds(int longest, boolean isUuid, SortedSet<String> allowed) {
    this.longest = longest;
    this.isUuid = isUuid;
    this.allowed = allowed;
    this.allowedBytes =
        allowed == null
            ? null
            : allowed.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
  }

  /** Returns the error of a text, or null. */
  String trouble(StringData text) {
    byte[] utf8 = text.toBytes();
    if (utf8.length > longest || !isAsciiWithoutNul(utf8)) {
      String decoded = text.toString();
      if (decoded.length() > longest) {
        return "has " + decoded.length() + " characters, the limit is " + longest;
      }
      if (decoded.indexOf('\0') >= 0) {
        return "is a text that cannot be stored";
      }
    }
    if (isUuid && !isUuid(utf8)) {
      return "is not a UUID";
    }
    return allowed == null || isAllowed(utf8) ? null : "is not one of " + String.join(", ", allowed);
  }

  private static boolean isAsciiWithoutNul(byte[] utf8) {
    for (byte unit : utf8) {
      if (unit <= 0) {
        return false;
      }
    }
    return true;
  }

  /** Compares without a branch per character: those of a random UUID cannot be predicted. */
  private static boolean isUuid(byte[] utf8) {
    if (utf8.length != UUID_KINDS.length) {
      return false;
    }
    int differences = 0;
    for (int i = 0; i < UUID_KINDS.length; i++) {
      differences |= KIND_OF_UNIT[utf8[i] & 0xff] ^ UUID_KINDS[i];
    }
    return differences == 0;
  }

  private static byte[] kindsOf(String text) {
    byte[] kinds = text.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < kinds.length; i++) {
      kinds[i] = KIND_OF_UNIT[kinds[i]];
    }
    return kinds;
  }

  private boolean isAllowed(byte[] utf8) {
    for (byte[] one : allowedBytes) {
      if (Arrays.equals(one, utf8)) {
        return true;
      }
    }
    return false;
  }
}
