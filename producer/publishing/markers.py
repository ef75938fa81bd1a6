"""Decide when progress markers are sent, and what they prove.

A marker is a record without value on every partition. Its timestamp states: every trip that was replayed
before this instant precedes the marker. It advances the stream's watermark where there are no trips.
"""

from dataclasses import dataclass

from producer.instants import MINUTE_MS, SECOND_MS, floor_minute, milliseconds
from schemas.windows import ZONE_FARES, SlidingWindows

MOST_TRIPS_BETWEEN = 5_000
LEAST_SECONDS_BETWEEN = 0.1


@dataclass(frozen=True)
class Marker:
    """The replay's state when a marker was sent: `row` is the next row of the prepared month."""

    clock_ms: int
    row: int
    wall: float


def is_due(last: Marker, now: Marker) -> bool:
    """Return whether a marker is due.

    That is after a number of trips, or once a minute of event time is over, but not too often in wall time.
    """
    if now.row - last.row >= MOST_TRIPS_BETWEEN:
        return True
    minute_is_over = floor_minute(now.clock_ms) > floor_minute(last.clock_ms)
    return minute_is_over and now.wall - last.wall >= LEAST_SECONDS_BETWEEN


def closing_clock_ms(last_valid_dropoff_ms: int, windows: SlidingWindows = ZONE_FARES) -> int:
    """Return where the event clock must go so that the last window of a replay closes.

    The last window starts at the minute m of the last drop-off and ends at m + size. The watermark is the
    clock less max_disorder. Flink closes a window when the watermark reaches its end, other engines when it
    has passed the end: the clock goes a second further than Flink needs.
    """
    return floor_minute(last_valid_dropoff_ms) + milliseconds(windows.flush) + SECOND_MS


def part_closing_clock_ms(to_ms: int, disorder_ms: int, windows: SlidingWindows = ZONE_FARES) -> int:
    """Return where the event clock goes after a part that ends at `to_ms`.

    Every window that ends there closes, and no trip of the next part is late: their drop-offs are at most
    `disorder_ms` before `to_ms`.
    """
    return max(to_ms, floor_minute(to_ms - disorder_ms) + milliseconds(windows.max_disorder) + SECOND_MS)


def last_closed_minute_ms(progress_ms: int, windows: SlidingWindows = ZONE_FARES) -> int:
    """Return the newest minute that the stream has closed once it reads this marker: its trips are late."""
    return floor_minute(progress_ms - milliseconds(windows.max_disorder)) - MINUTE_MS
