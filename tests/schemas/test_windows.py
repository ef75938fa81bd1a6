"""Windows refuse definitions that could not be computed."""

from datetime import timedelta

import pytest

from schemas.windows import ZONE_FARES, SlidingWindows

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("size", "slide", "disorder", "reason"),
    [
        (15, 0, 1, "must be above 0"),
        (15, -1, 1, "must be above 0"),
        (15, 16, 1, "in no window"),
        (15, 4, 1, "not a multiple"),
        (15, 1, -1, "must not be negative"),
    ],
)
def test_nonsense_is_refused_with_its_reason(size: int, slide: int, disorder: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        SlidingWindows(timedelta(minutes=size), timedelta(minutes=slide), timedelta(minutes=disorder))


def test_zone_fares_are_fifteen_minutes_every_minute() -> None:
    minute = timedelta(minutes=1)
    assert (ZONE_FARES.size, ZONE_FARES.slide, ZONE_FARES.max_disorder) == (15 * minute, minute, minute)
    assert ZONE_FARES.panes == 15


def test_the_last_window_closes_when_the_clock_passed_size_and_disorder() -> None:
    windows = SlidingWindows(timedelta(minutes=10), timedelta(minutes=5), timedelta(minutes=3))
    assert windows.flush == timedelta(minutes=13)


def test_tumbling_windows_are_allowed() -> None:
    assert SlidingWindows(timedelta(hours=1), timedelta(hours=1), timedelta(0)).panes == 1
