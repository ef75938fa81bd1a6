"""Compute windows from panes: a running sum of the minutes that enter and leave."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from batch_backfill.zone_fares.panes import Array, Panes

MINUTES_AT_ONCE = 512
"""How many windows of every zone are held in memory."""


@dataclass(frozen=True)
class Windows:
    """Windows that have trips, by rising end and zone: arrays of int64, one element a window."""

    end_minutes: Array
    zones: Array
    trips: Array
    total_amount_cents: Array

    @property
    def avg_ten_thousandths(self) -> Array:
        """Return the average in ten-thousandths of a dollar, a half rounded up.

        Of a cent `c` and `t` trips: ⌊100 c / t + ½⌋ = ⌊(200 c + t) / 2 t⌋, in integers.
        """
        return (200 * self.total_amount_cents + self.trips) // (2 * self.trips)


def windows(panes: Panes, size: int, first_end: int, last_end: int) -> Iterator[Windows]:
    """Yield the windows of `size` minutes that end from `first_end` to before `last_end`, in order.

    Minute `m` is in the windows that end at `m + 1` to `m + size`, so what a window holds at its end is the
    sum of the `size` minutes before. `panes` must have all of them.
    """
    first, last = max(first_end, panes.first_minute + 1), min(last_end, panes.end_minute + size)
    for start in range(first, last, MINUTES_AT_ONCE):
        yield _some(panes, size, start, min(start + MINUTES_AT_ONCE, last))


def _some(panes: Panes, size: int, first_end: int, last_end: int) -> Windows:
    found = panes.between(first_end - size, last_end - 1)
    before, behind = found.first_minute - (first_end - size), last_end - 1 - found.end_minute
    trips, cents = (
        _sums(np.pad(array, ((before, behind), (0, 0))), size)
        for array in (found.trips, found.total_amount_cents)
    )
    rows, zones = np.nonzero(trips)
    return Windows(rows + first_end, zones, trips[rows, zones], cents[rows, zones])


def _sums(values: Array, size: int) -> Array:
    """Return the sum of each `size` consecutive rows."""
    running = np.cumsum(values, axis=0)
    running[size:] -= running[:-size].copy()
    return running[size - 1 :]
