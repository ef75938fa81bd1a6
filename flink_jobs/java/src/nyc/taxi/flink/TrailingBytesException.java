package nyc.taxi.flink;

import java.io.IOException;

/** A record has bytes after its last field: it was written with another schema than its id indicates. */
final class TrailingBytesException extends IOException {

  private static final long serialVersionUID = 1L;
}
