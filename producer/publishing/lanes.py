"""Publish the trips of some partitions: of all of them, or of one process's share."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from confluent_kafka import KafkaException

from producer.errors import StoppedByUser, UserError
from producer.publishing.markers import Marker
from producer.publishing.pace import Pace
from producer.publishing.playback import Playback, Position
from producer.publishing.publisher import Destination, Lane, Publisher, Records
from producer.publishing.shared_progress import SharedProgress
from producer.reading.prepared import Span, batches

SETTLE_SECONDS = 9.0
MOST_ROWS_APART = 1 << 18
"""How far a lane may be ahead of the slowest: the stream keeps the rows between them in memory."""

Check = Callable[[], None]
Tick = Callable[[], None]
Warn = Callable[[str], None]


@dataclass(frozen=True)
class ReplayWork:
    """The work of all lanes: what to publish, each lane its own partitions, and at which pace."""

    span: Span
    destination: Destination
    pace: Pace
    start_clock_ms: int
    closing_clock_ms: int


def lanes_of(next_rows: Sequence[int], count: int) -> list[Lane]:
    """Distribute partitions over `count` lanes, or over one lane per partition if there are fewer."""
    numbers = range(len(next_rows))
    return [
        Lane({number: next_rows[number] for number in numbers[first::count]}) for first in numbers[:count]
    ]


class LaneRun:
    """The publication of one lane; `check` raises StoppedByUser, `tick` is called at every step."""

    def __init__(self, work: ReplayWork, progress: SharedProgress, number: int, lane: Lane) -> None:
        self._work = work
        self._progress = progress
        self._number = number
        self._lane = lane

    def run(self, warn: Warn, check: Check, tick: Tick) -> None:
        """Publish everything until the last marker is acknowledged; when stopped, settle what was sent."""
        self._check, self._tick = check, tick
        self._publisher = Publisher(self._work.destination, self._lane, warn=warn, check=self._look_up)
        start = Marker(self._work.start_clock_ms, self._lane.next_row, time.monotonic())
        self._playback = Playback(self._publisher, start, self._work.pace, self._after_step)
        try:
            self._playback.play(self._records())
            self._playback.finish(self._work.closing_clock_ms)
            while not self._publisher.is_settled:
                self._publisher.wait(0.05)
        except StoppedByUser:
            self._settle()
            raise
        finally:
            self._note_acknowledged()

    def _records(self) -> Iterator[Records]:
        row = self._lane.next_row
        for batch in batches(self._work.span.path, row, self._work.span.end_row):
            yield self._publisher.records(batch, row)
            row += batch.num_rows

    def _settle(self) -> None:
        """Give Kafka a moment to take what was sent, so that the next run sends nothing twice."""
        self._check = self._tick = _nothing
        with suppress(UserError, KafkaException):  # the run ends in any case
            if self._publisher.settle(SETTLE_SECONDS):
                self._playback.send_marker()
            self._publisher.settle(1.0)

    def _after_step(self, position: Position) -> None:
        progress, number = self._progress, self._number
        progress.positions[number] = position.row
        progress.clocks_ms[number] = position.clock_ms
        progress.lags_ms[number] = round(position.lag_seconds * 1000)
        progress.sent[number] = self._publisher.sent
        progress.markers_sent[number] = self._publisher.markers_sent
        self._look_up()
        while position.row - progress.positions.min() > MOST_ROWS_APART:
            self._publisher.wait(0.01)

    def _look_up(self) -> None:
        """Report what is acknowledged, and check whether to stop."""
        self._progress.in_flight[self._number] = self._publisher.in_flight
        self._note_acknowledged()
        self._tick()
        self._check()

    def _note_acknowledged(self) -> None:
        for partition, marker in self._publisher.acknowledged.items():
            self._progress.acknowledged_clocks_ms[partition] = marker.clock_ms
            self._progress.acknowledged_rows[partition] = marker.row


def _nothing() -> None:
    pass


def reason_of(error: Exception) -> str:
    """Return the text that is shown for an error."""
    return str(error.args[0].str() if isinstance(error, KafkaException) else error)
