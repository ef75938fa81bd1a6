"""One run of publishing: sends the trips, keeps the ledger, and ends cleanly whatever happens."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO

from confluent_kafka import KafkaException

from producer.errors import StoppedByUser, UserError
from producer.instants import text_of
from producer.progress import Report
from producer.publishing.board import Board
from producer.publishing.crew import Crew
from producer.publishing.lanes import LaneRun, Work, lanes_of, reason_of
from producer.publishing.ledger import Entry, ReplayLedger

SECONDS_BETWEEN_LEDGER_WRITES = 0.3
GO_ON = "run the same command again to go on from there"


@dataclass(frozen=True)
class Outcome:
    """What a run has done; `markers` stand on each partition."""

    trips: int
    seconds: float
    markers: int
    clock_ms: int


@dataclass(frozen=True)
class Surroundings:
    """What a session reports to, and what may end it."""

    show: Callable[[Report], None]
    warn: Callable[[str], None]
    check: Callable[[], None]


class Session:
    """Publishes what an entry leaves to be done, in `processes` processes where there are more than one."""

    def __init__(self, work: Work, ledger: ReplayLedger, entry: Entry, surroundings: Surroundings) -> None:
        self._work = work
        self._ledger = ledger
        self._entry = replace(entry, next_rows=entry.next_rows_on(work.destination.topic.partition_count))
        self._around = surroundings
        self._started = self._last_write = time.monotonic()

    def run(self, processes: int, lock: IO[str]) -> Outcome:
        """Publish all of it; StoppedByUser and UserError say what is acknowledged and how to go on."""
        lanes = lanes_of(self._entry.next_rows, processes)
        self._board = Board(self._entry.next_rows, self._entry.clock_ms, len(lanes))
        self._write()
        runner = (
            LaneRun(self._work, self._board, 0, lanes[0])
            if len(lanes) == 1
            else Crew(self._work, self._board, lanes, lock)
        )
        try:
            runner.run(self._around.warn, self._around.check, self._tick)
        except StoppedByUser:
            self._note_acknowledged()
            raise StoppedByUser(f"stopped {self._so_far}; {GO_ON}") from None
        except (UserError, KafkaException) as error:
            self._note_acknowledged()
            raise UserError(f"{reason_of(error)}; gave up {self._so_far}", GO_ON) from None
        return self._completed()

    def _completed(self) -> Outcome:
        self._note_acknowledged()
        # Also when there is no news: a run that ended with its closing marker in flight has noted that clock.
        self._entry = replace(self._entry, is_complete=True)
        self._write()
        board = self._board
        return Outcome(
            trips=int(board.sent.sum()),
            seconds=time.monotonic() - self._started,
            markers=int(board.markers_sent.max()),
            clock_ms=self._entry.clock_ms,
        )

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._last_write >= SECONDS_BETWEEN_LEDGER_WRITES:
            self._last_write = now
            self._note_acknowledged()
        self._around.show(self._report(now))

    def _report(self, now: float) -> Report:
        board, span = self._board, self._work.span
        return Report(
            clock_ms=int(board.clocks_ms.min()),
            lag_seconds=float(board.lags_ms.max()) / 1000,
            sent=int(board.sent.sum()),
            done=int(board.positions.min()) - span.first_row,
            total=span.trips,
            seconds=now - self._started,
            in_flight=int(board.in_flight.sum()),
            acknowledged_ms=int(board.acknowledged_clocks_ms.min()),
        )

    def _note_acknowledged(self) -> None:
        board = self._board
        next_rows = tuple(board.acknowledged_rows.tolist())
        clock_ms = int(board.acknowledged_clocks_ms.min())
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
