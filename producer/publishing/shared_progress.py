"""What the publishing processes of a replay tell one another, in memory that they share.

Each number has one writer and is written whole, so that nobody needs a lock.
"""

from collections.abc import Sequence
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

SPAWNING = get_context("spawn")
"""A process that is forked while other threads run may never wake up."""

Numbers = npt.NDArray[np.int64]


class SharedProgress:
    """By partition, what is acknowledged; by lane, how far it is; and whether all shall stop."""

    def __init__(self, next_rows: Sequence[int], clock_ms: int, lane_count: int) -> None:
        self._acknowledged = _SharedNumbers(2, len(next_rows))
        self._lanes = _SharedNumbers(6, lane_count)
        self._stop = _SharedNumbers(1, 1)
        self.acknowledged_rows[:] = next_rows
        self.acknowledged_clocks_ms[:] = clock_ms
        self.positions[:] = min(next_rows)
        self.clocks_ms[:] = clock_ms

    @property
    def acknowledged_rows(self) -> Numbers:
        """By partition: trips before this row are acknowledged."""
        return self._acknowledged.row(0)

    @property
    def acknowledged_clocks_ms(self) -> Numbers:
        """By partition: the event clock there."""
        return self._acknowledged.row(1)

    @property
    def positions(self) -> Numbers:
        """By lane: the row that comes next."""
        return self._lanes.row(0)

    @property
    def clocks_ms(self) -> Numbers:
        """By lane: the event clock."""
        return self._lanes.row(1)

    @property
    def lags_ms(self) -> Numbers:
        """By lane: by how much wall time it is behind its pace."""
        return self._lanes.row(2)

    @property
    def sent(self) -> Numbers:
        """By lane: trips sent in this run."""
        return self._lanes.row(3)

    @property
    def in_flight(self) -> Numbers:
        """By lane: records queued or sent, not yet acknowledged."""
        return self._lanes.row(4)

    @property
    def markers_sent(self) -> Numbers:
        """By lane: progress markers on each of its partitions."""
        return self._lanes.row(5)

    @property
    def is_stopping(self) -> bool:
        """Whether every lane shall end cleanly, now."""
        return bool(self._stop.row(0)[0])

    def stop(self) -> None:
        """Ask every lane to end."""
        self._stop.row(0)[0] = 1


class _SharedNumbers:
    """Rows of whole numbers in shared memory, which a process can hand to those that it starts."""

    def __init__(self, rows: int, columns: int) -> None:
        self._shape = (rows, columns)
        self._memory: Any = SPAWNING.RawArray("q", rows * columns)

    def row(self, number: int) -> Numbers:
        """One row, to be read and written in place."""
        numbers: Numbers = np.frombuffer(self._memory, dtype=np.int64).reshape(self._shape)[number]
        return numbers
