package nyc.taxi.flink;

import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.table.data.RowData;
import org.postgresql.copy.CopyIn;

/** Rows in the order of their arrival, each as the bytes that COPY takes. No row object is kept. */
final class CopyBatch {

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, /* flags */ 0, 0, 0, 0, /* extension */ 0, 0, 0, 0
  };
  private static final byte[] TRAILER = {(byte) 0xff, (byte) 0xff};
  private static final int LENGTH_OF_COLUMN_COUNT = 2;

  private final CopyFormat format;
  private final CopyBytes bytes = new CopyBytes();
  private int[] starts = new int[1 << 10];
  private int[] endsOfKeys = new int[1 << 10];
  private int rows;
  private int longestRow;

  CopyBatch(CopyFormat format) {
    this.format = format;
  }

  int rows() {
    return rows;
  }

  int bytes() {
    return bytes.length();
  }

  int longestRow() {
    return longestRow;
  }

  /** Throws SQLException, and stays as it was, for a row that Postgres cannot store. */
  void add(RowData row) throws SQLException {
    int start = bytes.length();
    if (rows + 1 == starts.length) {
      starts = Arrays.copyOf(starts, 2 * rows + 2);
      endsOfKeys = Arrays.copyOf(endsOfKeys, 2 * rows + 2);
    }
    try {
      endsOfKeys[rows] = format.write(row, bytes);
    } catch (SQLException refusal) {
      bytes.truncate(start);
      throw refusal;
    }
    longestRow = Math.max(longestRow, bytes.length() - start);
    starts[++rows] = bytes.length();
  }

  void clear() {
    bytes.truncate(0);
    rows = 0;
    longestRow = 0;
  }

  RowData row(int number) {
    return format.read(bytesOf(number, starts[number + 1]));
  }

  /**
   * Sends the rows from {@code from} to before {@code to}: of those with one key the last, because an upsert cannot
   * change a row twice.
   */
  void send(int from, int to, CopyIn copy) throws SQLException {
    copy.writeToCopy(HEADER, 0, HEADER.length);
    BitSet last = lastOfEachKey(from, to);
    for (int begin = last.nextSetBit(from); begin >= 0; ) {
      int end = last.nextClearBit(begin);
      copy.writeToCopy(bytes.array(), starts[begin], starts[end] - starts[begin]);
      begin = last.nextSetBit(end);
    }
    copy.writeToCopy(TRAILER, 0, TRAILER.length);
    copy.endCopy();
  }

  private BitSet lastOfEachKey(int from, int to) {
    BitSet last = new BitSet(to);
    Set<ByteBuffer> keys = new HashSet<>(2 * (to - from));
    for (int number = to - 1; number >= from; number--) {
      last.set(number, keys.add(bytesOf(number, endsOfKeys[number]).position(LENGTH_OF_COLUMN_COUNT)));
    }
    return last;
  }

  private ByteBuffer bytesOf(int number, int end) {
    return ByteBuffer.wrap(bytes.array(), starts[number], end - starts[number]).slice();
  }
}
