package nyc.taxi.bench;

import java.util.concurrent.atomic.LongAdder;

/** Adds up the windows of a run, in any order, and prints the sums twice a second as bench/peer_programs/digest.py does. */
public final class Digest {
  private static final long PRIME = 2_147_483_647L;
  private static final long FACTOR = 1_000_003L;
  private static final long MINUTE_MS = 60_000L;
  private static final long PRINT_MS = 500L;

  private final LongAdder records = new LongAdder();
  private final LongAdder windows = new LongAdder();
  private final LongAdder trips = new LongAdder();
  private final LongAdder cents = new LongAdder();
  private final LongAdder digest = new LongAdder();

  public Digest() {
    Thread printer = new Thread(this::print, "print-digest");
    printer.setDaemon(true);
    printer.start();
  }

  public void read(boolean isTrip) {
    if (isTrip) {
      records.increment();
    }
  }

  public void add(long zone, long windowEndMs, long tripsOfWindow, long centsOfWindow) {
    long mixed = (zone * FACTOR + windowEndMs / MINUTE_MS) % PRIME;
    mixed = (mixed * FACTOR + tripsOfWindow) % PRIME;
    mixed = (mixed * FACTOR + centsOfWindow) % PRIME;
    windows.increment();
    trips.add(tripsOfWindow);
    cents.add(centsOfWindow);
    digest.add(mixed * mixed % PRIME);
  }

  private void print() {
    try {
      while (true) {
        Thread.sleep(PRINT_MS);
        System.out.printf(
            "{\"records\": %d, \"windows\": %d, \"trips\": %d, \"cents\": %d, \"digest\": %d}%n",
            records.sum(), windows.sum(), trips.sum(), cents.sum(), digest.sum());
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
