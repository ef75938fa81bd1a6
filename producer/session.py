"""One run of publishing: plays the trips, keeps the ledger, and ends cleanly whatever happens."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from confluent_kafka import KafkaException

from producer.errors import StoppedByUser, UserError
from producer.instants import text_of
from producer.ledger import Entry, ReplayLedger
from producer.markers import Marker, closing_clock_ms
from producer.playback import Playback, Position
from producer.prepared import Span, batches
from producer.progress import Report
from producer.publisher import Publisher

SETTLE_SECONDS = 9.0
SECONDS_BETWEEN_LEDGER_WRITES = 0.3
GO_ON = "run the same command again to go on from there"


@dataclass(frozen=True)
class Assignment:
    """What is published and where it is written down; `entry` says from which row on."""

    span: Span
    ledger: ReplayLedger
    entry: Entry
    speedup: float
    to_ms: int | None

    @property
    def closing_clock_ms(self) -> int:
        """Where the event clock ends: past the last window, but never past an end that a person has set."""
        last_ms = self.span.last_ms or 0
        closing = (
            closing_clock_ms(self.span.last_valid_dropoff_ms) if self.span.last_valid_dropoff_ms else last_ms
        )
        return max(last_ms, min(closing, self.to_ms or closing))


@dataclass(frozen=True)
class Outcome:
    """What a run has done."""

    trips: int
    seconds: float
    markers: int
    clock_ms: int


class Session:
    """Publishes one assignment; `show` is told how it goes, `check` raises when a person wants to stop."""

    def __init__(
        self,
        assignment: Assignment,
        publisher: Publisher,
        show: Callable[[Report], None],
        check: Callable[[], None],
    ) -> None:
        self._assignment = assignment
        self._publisher = publisher
        self._show = show
        self._check = check
        self._entry = assignment.entry
        self._started = self._last_write = time.monotonic()
        start = Marker(assignment.entry.clock_ms, assignment.entry.next_row, self._started)
        self._playback = Playback(publisher, start, assignment.speedup, self._after_step)

    def run(self) -> Outcome:
        """Publish all of it; StoppedByUser and UserError say what is acknowledged and how to go on."""
        self._write()
        try:
            self._publish_all()
        except StoppedByUser:
            self._settle()
            raise StoppedByUser(f"stopped {self._so_far}; {GO_ON}") from None
        except (UserError, KafkaException) as error:
            self._note_acknowledged()
            reason = error.args[0].str() if isinstance(error, KafkaException) else error
            raise UserError(f"{reason}; gave up {self._so_far}", GO_ON) from None
        return self._outcome()

    def _publish_all(self) -> None:
        span = self._assignment.span
        self._playback.play(batches(span.path, self._entry.next_row, span.end_row))
        self._playback.finish(self._assignment.closing_clock_ms)
        while not self._publisher.is_settled:
            self._publisher.wait(0.05)
        self._note_acknowledged()
        # Also when there is no news: a run that ended with its closing marker in flight has noted that clock.
        self._entry = replace(self._entry, is_complete=True)
        self._write()

    def _settle(self) -> None:
        """Give Kafka a moment to take what was sent, and note exactly how far it came."""
        with suppress(StoppedByUser, UserError):  # it ends in any case
            if self._publisher.settle(SETTLE_SECONDS):
                self._playback.send_marker()
            self._publisher.settle(1.0)
        self._note_acknowledged()

    def _after_step(self, position: Position) -> None:
        self._check()
        now = time.monotonic()
        if now - self._last_write >= SECONDS_BETWEEN_LEDGER_WRITES:
            self._last_write = now
            self._note_acknowledged()
        self._show(self._report(position, now))

    def _report(self, position: Position, now: float) -> Report:
        return Report(
            position=position,
            sent=position.row - self._assignment.entry.next_row,
            done=position.row - self._assignment.span.first_row,
            total=self._assignment.span.trips,
            seconds=now - self._started,
            in_flight=self._publisher.in_flight,
        )

    def _note_acknowledged(self) -> None:
        marker = self._publisher.acknowledged
        if marker and (marker.row, marker.clock_ms) != (self._entry.next_row, self._entry.clock_ms):
            self._entry = replace(self._entry, next_row=marker.row, clock_ms=marker.clock_ms)
            self._write()

    def _write(self) -> None:
        self._assignment.ledger.write(self._entry)

    @property
    def _so_far(self) -> str:
        done = self._entry.next_row - self._assignment.span.first_row
        return (
            f"at event clock {text_of(self._entry.clock_ms)}:"
            f" {done:,} of {self._assignment.span.trips:,} trips are acknowledged"
        )

    def _outcome(self) -> Outcome:
        return Outcome(
            trips=self._entry.next_row - self._assignment.entry.next_row,
            seconds=time.monotonic() - self._started,
            markers=self._publisher.markers_sent,
            clock_ms=self._entry.clock_ms,
        )
