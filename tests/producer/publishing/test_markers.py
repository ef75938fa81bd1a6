"""Progress markers come often enough to move the stream, and the last one closes the last window."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.instants import MINUTE_MS, floor_minute, milliseconds
from producer.publishing.markers import (
    Marker,
    closing_clock_ms,
    is_due,
    last_closed_minute_ms,
    part_closing_clock_ms,
)
from schemas.windows import ZONE_FARES, SlidingWindows

pytestmark = pytest.mark.unit

INSTANTS = st.integers(0, 2_000_000_000).map(lambda seconds: seconds * 1000)
WINDOWS = st.builds(
    SlidingWindows,
    size=st.integers(1, 60).map(lambda minutes: timedelta(minutes=minutes)),
    slide=st.just(timedelta(minutes=1)),
    max_disorder=st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds)),
)


def watermark_after(clock_ms: int, windows: SlidingWindows = ZONE_FARES) -> int:
    """What Flink makes of a marker."""
    return clock_ms - milliseconds(windows.max_disorder)


def is_late(dropoff_ms: int, watermark_ms: int) -> bool:
    """As flink_jobs/zone_fares/classify.sql decides."""
    return floor_minute(dropoff_ms) + 59_999 <= watermark_ms


@given(INSTANTS, WINDOWS)
def test_the_closing_marker_closes_the_last_window(last_dropoff_ms: int, windows: SlidingWindows) -> None:
    #  last drop-off 10:07:30 │ its last window [10:07, 10:22) │ watermark must pass 10:22 │ clock 10:23:01
    # Passed, not just reached: a reader that closes a window only behind its end closes it, too.
    last_window_end = floor_minute(last_dropoff_ms) + milliseconds(windows.size)
    assert watermark_after(closing_clock_ms(last_dropoff_ms, windows), windows) > last_window_end


@given(INSTANTS)
def test_the_closing_marker_closes_no_window_more_than_it_must(last_dropoff_ms: int) -> None:
    last_window_end = floor_minute(last_dropoff_ms) + milliseconds(ZONE_FARES.size)
    assert watermark_after(closing_clock_ms(last_dropoff_ms)) < last_window_end + MINUTE_MS


@given(INSTANTS)
def test_a_part_closes_the_windows_that_end_with_it(to_ms: int) -> None:
    #  replayed up to 18:30 │ the window [18:15, 18:30) closes once the clock passes 18:31
    assert watermark_after(part_closing_clock_ms(to_ms, disorder_ms=0)) > floor_minute(to_ms)


@given(to_ms=INSTANTS, disorder_seconds=st.integers(0, 60), after_seconds=st.integers(0, 300))
def test_no_trip_of_the_part_that_follows_is_late(
    to_ms: int, disorder_seconds: int, after_seconds: int
) -> None:
    clock_ms = part_closing_clock_ms(to_ms, disorder_seconds * 1000)
    dropoff_ms = to_ms + (after_seconds - disorder_seconds) * 1000
    assert clock_ms >= to_ms
    assert not is_late(dropoff_ms, watermark_after(clock_ms))


@given(progress_ms=INSTANTS, dropoff_ms=INSTANTS, windows=WINDOWS)
def test_a_trip_is_refused_exactly_when_the_stream_would_call_it_late(
    progress_ms: int, dropoff_ms: int, windows: SlidingWindows
) -> None:
    is_refused = floor_minute(dropoff_ms) <= last_closed_minute_ms(progress_ms, windows)
    assert is_refused == is_late(dropoff_ms, watermark_after(progress_ms, windows))


@given(progress_ms=INSTANTS, ahead=st.integers(-300, 300))
def test_the_same_holds_near_the_edge(progress_ms: int, ahead: int) -> None:
    dropoff_ms = max(0, progress_ms + ahead * 1000)
    is_refused = floor_minute(dropoff_ms) <= last_closed_minute_ms(progress_ms)
    assert is_refused == is_late(dropoff_ms, watermark_after(progress_ms))


@pytest.mark.parametrize(
    ("clock_ms", "row", "wall", "due"),
    [
        (59_999, 10, 9.0, False),  # the minute is not over
        (60_000, 10, 9.0, True),
        (60_000, 10, 0.05, False),  # too soon after the last one
        (60_000, 5_000, 0.05, True),  # too many trips since the last one
        (1_000, 5_000, 0.0, True),
    ],
)
def test_a_marker_is_due(clock_ms: int, row: int, wall: float, due: bool) -> None:
    assert is_due(Marker(0, 0, 0.0), Marker(clock_ms, row, wall)) is due
