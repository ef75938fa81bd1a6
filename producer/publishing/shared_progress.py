"""Share the progress of a replay's publishing processes in shared memory.

Each number has one writer and is written atomically, so that no lock is needed.
"""

from collections.abc import Sequence
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

SPAWNING = get_context("spawn")
"""The start method: a process that is forked while other threads run may deadlock."""

Numbers = npt.NDArray[np.int64]


class SharedProgress:
    """Acknowledged rows by partition, progress by lane, and the stop flag."""

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
        """Return by partition: trips before this row are acknowledged."""
        return self._acknowledged.row(0)

    @property
    def acknowledged_clocks_ms(self) -> Numbers:
        """Return by partition: the event clock of the acknowledged rows."""
        return self._acknowledged.row(1)

    @property
    def positions(self) -> Numbers:
        """Return by lane: the next row."""
        return self._lanes.row(0)

    @property
    def clocks_ms(self) -> Numbers:
        """Return by lane: the event clock."""
        return self._lanes.row(1)

    @property
    def lags_ms(self) -> Numbers:
        """Return by lane: how far wall time is behind the pace."""
        return self._lanes.row(2)

    @property
    def sent(self) -> Numbers:
        """Return by lane: trips sent in this run."""
        return self._lanes.row(3)

    @property
    def in_flight(self) -> Numbers:
        """Return by lane: records queued or sent, not yet acknowledged."""
        return self._lanes.row(4)

    @property
    def markers_sent(self) -> Numbers:
        """Return by lane: progress markers on each of its partitions."""
        return self._lanes.row(5)

    @property
    def is_stopping(self) -> bool:
        """Return whether every lane must end cleanly now."""
        return bool(self._stop.row(0)[0])

    def stop(self) -> None:
        """Ask every lane to end."""
        self._stop.row(0)[0] = 1


class _SharedNumbers:
    """Rows of integers in shared memory, which a process can pass to its child processes."""

    def __init__(self, rows: int, columns: int) -> None:
        self._shape = (rows, columns)
        self._memory: Any = SPAWNING.RawArray("q", rows * columns)

    def row(self, number: int) -> Numbers:
        """Return one row, to read and write in place."""
        numbers: Numbers = np.frombuffer(self._memory, dtype=np.int64).reshape(self._shape)[number]
        return numbers
