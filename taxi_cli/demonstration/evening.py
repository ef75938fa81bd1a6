"""The hours that the demo replays live, after its month."""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from schemas.tlc_month import TlcMonth

SPEEDUP = 30
"""Event seconds a second: a minute shows half an hour."""

MOST_MINUTES = 12
"""From 18:00 to midnight."""

FIRST_DAY = 4
"""Trips of the month before are dropped off on the first days of the next one."""

FRIDAY = 4
NOON, LIVE_FROM = time(12), time(18)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class LiveEvening:
    """A Friday of a month: its afternoon at full speed, then `minutes` of wall time live."""

    month: TlcMonth
    minutes: float

    @classmethod
    def after(cls, month: TlcMonth, minutes: float) -> "LiveEvening":
        """Return the evening that follows the demo's month."""
        return cls(TlcMonth(month.taxi_type, month.next_first_day), minutes)

    @property
    def noon(self) -> datetime:
        """Return where the day begins."""
        return datetime.combine(self._friday, NOON)

    @property
    def live_from(self) -> datetime:
        """Return where the live part begins."""
        return datetime.combine(self._friday, LIVE_FROM)

    @property
    def live_until(self) -> datetime:
        """Return the quarter of an hour at which it ends, so that every trip is in a closed window."""
        quarters = math.ceil(self.minutes * SPEEDUP / (QUARTER / timedelta(minutes=1)))
        return min(self.live_from + quarters * QUARTER, self.midnight)

    @property
    def midnight(self) -> datetime:
        """Return where the day ends."""
        return datetime.combine(self._friday + timedelta(days=1), time())

    @property
    def seconds(self) -> float:
        """Return how long the live part takes."""
        return (self.live_until - self.live_from).total_seconds() / SPEEDUP

    @property
    def afternoon_options(self) -> tuple[str, ...]:
        """Return the options of `./taxi replay` that fill the map at once."""
        return _options(self.noon, self.live_from, "max")

    @property
    def live_options(self) -> tuple[str, ...]:
        """Return the options that show the live part."""
        return _options(self.live_from, self.live_until, str(SPEEDUP))

    @property
    def rest_options(self) -> tuple[str, ...]:
        """Return the options that show what is left of the day; none at midnight."""
        if self.live_until >= self.midnight:
            return ()
        return _options(self.live_until, self.midnight, str(SPEEDUP))

    @property
    def _friday(self) -> date:
        earliest = self.month.first_day.replace(day=FIRST_DAY)
        return earliest + timedelta(days=(FRIDAY - earliest.weekday()) % 7)

    def __str__(self) -> str:
        return f"{self.live_from:%A %Y-%m-%d}, {self.live_from:%H:%M} to {self.live_until:%H:%M}"


def _options(start: datetime, end: datetime, speedup: str) -> tuple[str, ...]:
    return "--from", start.isoformat(), "--to", end.isoformat(), "--speedup", speedup
