"""The arithmetic of the freshness benchmark, on looks that are made up."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.freshness import WARM_UP_SECONDS, FreshnessSample, ReplayLoad, delays_of, quantile, visible_at

pytestmark = pytest.mark.unit

MANHATTAN, QUEENS = ("yellow", 161), ("yellow", 132)
FLOW = ReplayLoad(Path("m.parquet"), until=datetime(2024, 1, 10, 13, tzinfo=UTC), trips=100, speedup=60)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2024-01-10 {clock}+00:00")


def sample(seen_at: float, clock: str, manhattan: str, queens: str) -> FreshnessSample:
    """At this second the topic's newest record was of `clock`, and these were the zones' newest windows."""
    newest = {MANHATTAN: at(manhattan), QUEENS: at(queens)}
    return FreshnessSample(seen_at, newest, 0, seen_at, at(clock).timestamp())


def test_a_window_is_visible_when_the_last_of_its_zones_has_it() -> None:
    samples = [sample(20, "12:00", "11:58", "11:57"), sample(21, "12:01", "11:59", "11:59")]
    windows = {MANHATTAN: [at("11:58"), at("11:59")], QUEENS: [at("11:58")]}
    assert visible_at(samples, windows) == {at("11:58"): 21, at("11:59"): 21}


def test_a_window_that_was_never_seen_counts_as_for_ever() -> None:
    assert visible_at([sample(20, "12:00", "11:58", "11:58")], {QUEENS: [at("12:30")]}) == {
        at("12:30"): float("inf")
    }


def test_the_delay_runs_from_the_paced_clock_and_not_from_a_record_that_came_late() -> None:
    # A minute of event time is a second. The pace is a straight line through the soonest record:
    #   second   0      30     31     32
    #   clock    11:30  12:00  12:01  12:02   the record of second 32 is of 12:01:30 only: it came late
    # The window of 11:59 can close when the clock is 12:00, at second 30; it is seen at 32.
    samples = [
        sample(0, "11:30", "11:00", "11:00"),
        sample(30, "12:00", "11:58", "11:58"),
        sample(32, "12:01:30", "11:59", "11:59"),
    ]
    windows = {MANHATTAN: [at("11:10"), at("11:59")], QUEENS: [at("11:59")]}
    assert WARM_UP_SECONDS < 30
    assert list(delays_of(samples, FLOW, windows)) == [pytest.approx(2)]


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0.5, 0.99, 1)] == [2, 4, 4]
