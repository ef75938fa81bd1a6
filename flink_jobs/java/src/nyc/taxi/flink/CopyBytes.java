package nyc.taxi.flink;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes in network order that grow at their end. */
final class CopyBytes {

  private ByteBuffer bytes = ByteBuffer.allocate(1 << 16);

  int length() {
    return bytes.position();
  }

  byte[] array() {
    return bytes.array();
  }

  /** Drops everything after the first {@code length} bytes. */
  void truncate(int length) {
    bytes.position(length);
  }

  CopyBytes putByte(int value) {
    reserve(1).put((byte) value);
    return this;
  }

  CopyBytes putShort(int value) {
    reserve(2).putShort((short) value);
    return this;
  }

  CopyBytes putInt(int value) {
    reserve(4).putInt(value);
    return this;
  }

  CopyBytes putLong(long value) {
    reserve(8).putLong(value);
    return this;
  }

  CopyBytes put(byte[] values) {
    reserve(values.length).put(values);
    return this;
  }

  private ByteBuffer reserve(int more) {
    if (bytes.remaining() < more) {
      int needed = Math.addExact(bytes.position(), more);
      int larger = (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(needed, 2L * bytes.capacity()));
      bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), larger)).position(bytes.position());
    }
    return bytes;
  }
}
