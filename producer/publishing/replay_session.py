"""Run one publication: send the trips, keep the ledger, and end cleanly in every case."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO

from confluent_kafka import KafkaException

from producer.errors import StoppedByUser, UserError
from producer.instants import text_of
from producer.publishing.lanes import LaneRun, ReplayWork, lanes_of, reason_of
from producer.publishing.replay_ledger import ReplayLedger, ReplayProgress
from producer.publishing.shared_progress import SharedProgress
from producer.publishing.worker_pool import WorkerPool
from producer.replay_display import Report

SECONDS_BETWEEN_LEDGER_WRITES = 0.3
GO_ON = "run the same command again to resume"


@dataclass(frozen=True)
class SessionResult:
    """The counts of a run; `markers` is the number of markers on each partition."""

    trips: int
    seconds: float
    markers: int
    clock_ms: int


@dataclass(frozen=True)
class SessionCallbacks:
    """The callbacks that a session reports to, and that may end it."""

    show: Callable[[Report], None]
    warn: Callable[[str], None]
    check: Callable[[], None]

    def also_checking(self, check: Callable[[], None]) -> "SessionCallbacks":
        """Return the same callbacks, which also end the session when `check` raises."""

        def both() -> None:
            self.check()
            check()

        return replace(self, check=both)


class Session:
    """The publication of what a ledger entry leaves to do, in `processes` processes if more than one."""

    def __init__(
        self, work: ReplayWork, ledger: ReplayLedger, entry: ReplayProgress, callbacks: SessionCallbacks
    ) -> None:
        self._work = work
        self._ledger = ledger
        self._entry = replace(entry, next_rows=entry.next_rows_on(work.destination.topic.partition_count))
        self._callbacks = callbacks
        self._started = self._last_write = time.monotonic()

    def run(self, processes: int, lock: IO[str]) -> SessionResult:
        """Publish all of it.

        StoppedByUser and UserError state what is acknowledged and how to continue.
        """
        lanes = lanes_of(self._entry.next_rows, processes)
        self._progress = SharedProgress(self._entry.next_rows, self._entry.clock_ms, len(lanes))
        self._write()
        runner = (
            LaneRun(self._work, self._progress, 0, lanes[0])
            if len(lanes) == 1
            else WorkerPool(self._work, self._progress, lanes, lock)
        )
        try:
            runner.run(self._callbacks.warn, self._callbacks.check, self._tick)
        except StoppedByUser:
            self._note_acknowledged()
            raise StoppedByUser(f"stopped {self._so_far}; {GO_ON}") from None
        except (UserError, KafkaException) as error:
            self._note_acknowledged()
            raise UserError(f"{reason_of(error)}; stopped {self._so_far}", GO_ON) from None
        return self._completed()

    def _completed(self) -> SessionResult:
        self._note_acknowledged()
        # Also without progress: a run that ended with its closing marker in flight has recorded that clock.
        self._entry = replace(self._entry, is_complete=True)
        self._write()
        progress = self._progress
        return SessionResult(
            trips=int(progress.sent.sum()),
            seconds=time.monotonic() - self._started,
            markers=int(progress.markers_sent.max()),
            clock_ms=self._entry.clock_ms,
        )

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._last_write >= SECONDS_BETWEEN_LEDGER_WRITES:
            self._last_write = now
            self._note_acknowledged()
        self._callbacks.show(self._report(now))

    def _report(self, now: float) -> Report:
        progress, span = self._progress, self._work.span
        return Report(
            clock_ms=int(progress.clocks_ms.min()),
            lag_seconds=float(progress.lags_ms.max()) / 1000,
            sent=int(progress.sent.sum()),
            done=int(progress.positions.min()) - span.first_row,
            total=span.trips,
            seconds=now - self._started,
            in_flight=int(progress.in_flight.sum()),
            acknowledged_ms=int(progress.acknowledged_clocks_ms.min()),
        )

    def _note_acknowledged(self) -> None:
        progress = self._progress
        next_rows = tuple(progress.acknowledged_rows.tolist())
        clock_ms = int(progress.acknowledged_clocks_ms.min())
        if (next_rows, clock_ms) != (self._entry.next_rows, self._entry.clock_ms):
            self._entry = replace(self._entry, next_rows=next_rows, clock_ms=clock_ms)
            self._write()

    def _write(self) -> None:
        self._ledger.write(self._entry)

    @property
    def _so_far(self) -> str:
        done = self._entry.next_row - self._work.span.first_row
        return (
            f"at event clock {text_of(self._entry.clock_ms)}:"
            f" {done:,} of {self._work.span.trips:,} trips are acknowledged"
        )
