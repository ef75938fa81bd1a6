"""Event time runs `speedup` times faster than wall time, whatever happens in between."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.publishing.pace import AS_FAST_AS_POSSIBLE, Pacer, parse_speedup
from schemas.errors import UserError

pytestmark = pytest.mark.unit

STARTS = st.integers(0, 2_000_000_000_000)
WALLS = st.floats(0, 1e6)
SPEEDUPS = st.floats(0.01, 1e6)
DELAYS = st.floats(0, 1e5)


@given(STARTS, WALLS, SPEEDUPS, DELAYS)
def test_an_event_is_due_when_its_wall_time_comes(
    start: int, wall: float, speedup: float, delay: float
) -> None:
    pacer = Pacer(start, wall, speedup)
    event_ms = start + delay * 1000
    assert pacer.event_at(pacer.wall_of(event_ms)) == pytest.approx(event_ms, abs=1 + speedup * 1e-6)


@given(STARTS, WALLS, SPEEDUPS, DELAYS, DELAYS)
def test_the_event_clock_never_runs_backwards(
    start: int, wall: float, speedup: float, first: float, more: float
) -> None:
    pacer = Pacer(start, wall, speedup)
    assert pacer.event_at(wall + first) <= pacer.event_at(wall + first + more)


@given(STARTS, WALLS, SPEEDUPS, DELAYS)
def test_lag_is_the_wall_time_since_the_event_was_due(
    start: int, wall: float, speedup: float, delay: float
) -> None:
    pacer = Pacer(start, wall, speedup)
    assert pacer.lag_seconds(start, wall + delay) == pytest.approx(delay, abs=1e-6)


@given(STARTS, WALLS, DELAYS)
def test_at_max_speed_everything_is_due_and_nothing_lags(start: int, wall: float, delay: float) -> None:
    pacer = Pacer(start, wall, AS_FAST_AS_POSSIBLE)
    assert pacer.event_at(wall) == math.inf
    assert pacer.lag_seconds(start, wall + delay) == 0


def test_600_event_seconds_pass_in_a_second() -> None:
    assert Pacer(0, 100.0, 600).event_at(101.0) == 600_000


@pytest.mark.parametrize(("text", "speedup"), [("600", 600), ("0.5", 0.5), ("max", math.inf)])
def test_a_pace_is_a_number_or_max(text: str, speedup: float) -> None:
    assert parse_speedup(text) == speedup


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", ""])
def test_no_other_pace_is_taken(text: str) -> None:
    with pytest.raises(UserError, match="--speedup"):
        parse_speedup(text)
