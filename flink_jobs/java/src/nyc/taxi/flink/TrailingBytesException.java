package nyc.taxi.flink;

import java.io.IOException;

/** A record goes on behind its last field: it was written with another schema than it says. */
final class TrailingBytesException extends IOException {

  private static final long serialVersionUID = 1L;
}
