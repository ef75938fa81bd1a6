"""Add up windows in any order, and print the sums twice a second for the benchmark; as Digest.java does."""

import json
import sys
import threading
import time

PRIME = 2_147_483_647
FACTOR = 1_000_003
PRINT_SECONDS = 0.5


def mixed(zone: int, window_end_minute: int, trips: int, cents: int) -> int:
    """Return a number for one window, to be added up; no sum exceeds 64 bits in other engines."""
    value = (zone * FACTOR + window_end_minute) % PRIME
    value = (value * FACTOR + trips) % PRIME
    value = (value * FACTOR + cents) % PRIME
    return value * value % PRIME


MIXED_SQL = (
    "((({zone} * {factor} + {minute}) % {prime} * {factor} + {trips}) % {prime} * {factor} + {cents})"
    " % {prime}"
)


def mixed_sql(*, zone: str, minute: str, trips: str, cents: str) -> str:
    """Return the same number as SQL of DuckDB and Spark; the arguments are expressions of type bigint."""
    names = {"zone": zone, "minute": minute, "trips": trips, "cents": cents}
    value = MIXED_SQL.format(prime=PRIME, factor=FACTOR, **names)
    return f"({value}) * ({value}) % {PRIME}"


class Digest:
    """The sums of one run."""

    def __init__(self) -> None:
        self.records = self.windows = self.trips = self.cents = self.digest = 0

    def add(self, zone: int, window_end_minute: int, trips: int, cents: int) -> None:
        """Add a window."""
        self.windows += 1
        self.trips += trips
        self.cents += cents
        self.digest += mixed(zone, window_end_minute, trips, cents)

    def remove(self, zone: int, window_end_minute: int, trips: int, cents: int) -> None:
        """Take back a window that an engine replaces."""
        self.windows -= 1
        self.trips -= trips
        self.cents -= cents
        self.digest -= mixed(zone, window_end_minute, trips, cents)

    def write(self) -> None:
        """Print the sums so far."""
        sys.stdout.write(json.dumps(vars(self)) + "\n")
        sys.stdout.flush()

    def keep_printing(self) -> None:
        """Print in a thread until the process ends."""

        def run() -> None:
            while True:
                time.sleep(PRINT_SECONDS)
                self.write()

        threading.Thread(target=run, daemon=True).start()
