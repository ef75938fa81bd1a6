"""Sum trips by minute and zone in arrays: tasks exchange these small arrays instead of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schemas.rules import LAST_ZONE_ID

ZONES = LAST_ZONE_ID + 1
"""A column for each number; no zone has the number 0."""

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Panes:
    """`trips` and `total_amount_cents` by minute and zone; row 0 is `first_minute`, counted from 1970 on.

    Arrays of int64, shape (minutes, ZONES). They grow to the minutes that arrive: a month takes 190 MB.
    """

    first_minute: int = 0
    trips: Array = field(default_factory=lambda: _nothing(0))
    total_amount_cents: Array = field(default_factory=lambda: _nothing(0))

    @property
    def end_minute(self) -> int:
        """Return the minute after the last one."""
        return self.first_minute + len(self.trips)

    def add(self, minutes: Array, zones: Array, trips: Array | int, total_amount_cents: Array) -> None:
        """Add these panes; a pane may be given several times."""
        if not len(minutes):
            return
        self._reach(int(minutes.min()), int(minutes.max()) + 1)
        cells = (minutes - self.first_minute) * ZONES + zones
        np.add.at(self.trips.reshape(-1), cells, trips)
        np.add.at(self.total_amount_cents.reshape(-1), cells, total_amount_cents)

    def between(self, first_minute: int, end_minute: int) -> "Panes":
        """Return the panes of a stretch, without a copy."""
        rows = slice(max(first_minute - self.first_minute, 0), max(end_minute - self.first_minute, 0))
        return Panes(max(first_minute, self.first_minute), self.trips[rows], self.total_amount_cents[rows])

    def cells(self) -> Iterator[Array]:
        """Yield minutes, zones, trips and cents of the panes that have trips, one array each."""
        rows, zones = np.nonzero(self.trips)
        yield rows + self.first_minute
        yield zones
        yield self.trips[rows, zones]
        yield self.total_amount_cents[rows, zones]

    def _reach(self, first_minute: int, end_minute: int) -> None:
        if not len(self.trips):
            self.first_minute = first_minute
        before = max(self.first_minute - first_minute, 0)
        after = max(end_minute - self.end_minute, 0)
        if before or after:
            self.first_minute -= before
            self.trips, self.total_amount_cents = (
                np.concatenate([_nothing(before), array, _nothing(after)])
                for array in (self.trips, self.total_amount_cents)
            )


def _nothing(minutes: int) -> Array:
    return np.zeros((minutes, ZONES), dtype=np.int64)
