package nyc.taxi.flink;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.util.Utf8;
import org.apache.flink.table.data.StringData;

/**
 * Reads a text without decoding it: a row stores UTF-8, as Avro does. Rows whose text is that of the row before share
 * one object, which never changes.
 */
final class TextReader implements FieldReader {

  private static final StringData EMPTY = StringData.fromBytes(new byte[0]);

  private final boolean isBytes;
  private final Utf8 buffer = new Utf8();
  private StringData latest = EMPTY;

  TextReader(Schema.Type written) {
    isBytes = written == Schema.Type.BYTES;
  }

  @Override
  public StringData read(BinaryDecoder body) throws IOException {
    Utf8 text = isBytes ? new Utf8(body.readBytes(null).array()) : body.readString(buffer);
    byte[] bytes = text.getBytes();
    int length = text.getByteLength();
    byte[] before = latest.toBytes();
    if (!Arrays.equals(bytes, 0, length, before, 0, before.length)) {
      // Only decoding replaces invalid UTF-8 by U+FFFD.
      latest =
          isAscii(bytes, length)
              ? StringData.fromBytes(Arrays.copyOf(bytes, length))
              : StringData.fromString(text.toString());
    }
    return latest;
  }

  private static boolean isAscii(byte[] bytes, int length) {
    int seen = 0;
    for (int i = 0; i < length; i++) {
      seen |= bytes[i];
    }
    return seen >= 0;
  }
}
