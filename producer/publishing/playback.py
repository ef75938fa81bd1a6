"""Move the event clock over the prepared trips and publish each trip at its time."""

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from producer.instants import SECOND_MS
from producer.publishing import markers
from producer.publishing.markers import Marker
from producer.publishing.pace import Pace
from producer.publishing.publisher import Publisher, Records

LONGEST_WAIT_SECONDS = 0.1
SHORTEST_WAIT_SECONDS = 0.01
"""In fast replays, trips within this span are sent together; each keeps its own timestamp."""

BATCHES_AHEAD = 3
"""Batches that are read and encoded while an earlier one is sent."""


@dataclass(frozen=True)
class Position:
    """The progress of a replay: the next row, the event clock, and how far wall time is behind the pace."""

    row: int
    clock_ms: int
    lag_seconds: float


class Playback:
    """One run over the trips that follow `start`.

    `on_step` is called at every step, and may raise to end it.
    """

    def __init__(
        self, publisher: Publisher, start: Marker, pace: Pace, on_step: Callable[[Position], None]
    ) -> None:
        self._publisher = publisher
        self._pace = pace
        self._pacer = pace.pacer(start.clock_ms, start.wall)
        self._on_step = on_step
        self._row = start.row
        self._clock_ms = start.clock_ms
        self._last_marker = start

    def play(self, batches: Iterable[Records]) -> None:
        """Publish every row of these batches, in order, none before it is due."""
        for number, records in enumerate(ahead(batches, BATCHES_AHEAD)):
            if number == 0:  # only now everything is ready
                self._pacer = self._pace.pacer(self._clock_ms, time.monotonic())
            sent = 0
            while sent < len(records):
                sent = self._step(records, sent)
            self._row = records.end_row

    def finish(self, closing_clock_ms: int) -> None:
        """Move the event clock to the end of the replay at once, and send it to the stream."""
        self._clock_ms = max(self._clock_ms, closing_clock_ms)
        self.send_marker()
        self._on_step(self._position())

    def send_marker(self) -> None:
        """Send the event clock to the stream."""
        self._last_marker = self.marker()
        self._publisher.send_marker(self._last_marker)

    def marker(self) -> Marker:
        """Return the marker for the current position."""
        return Marker(self._clock_ms, self._row, time.monotonic())

    def _step(self, records: Records, sent: int) -> int:
        """Publish what is due, but no more than may stand between two markers; else wait for a trip."""
        event_now = self._pacer.event_at(time.monotonic())
        most = min(len(records), sent + markers.MOST_TRIPS_BETWEEN)
        end = bisect_right(records.replay_ms, event_now, lo=sent, hi=most)
        if end > sent:
            self._publisher.send(records, sent, end)
            self._row = records.row_of(end)
            self._clock_ms = max(self._clock_ms, records.replay_ms[end - 1])
        else:
            self._wait_for(records.replay_ms[sent], event_now)
        if markers.is_due(self._last_marker, self.marker()):
            self.send_marker()
        self._on_step(self._position())
        return end

    def _position(self) -> Position:
        lag_seconds = self._pacer.lag_seconds(self._clock_ms, time.monotonic())
        return Position(self._row, self._clock_ms, lag_seconds)

    def _wait_for(self, next_ms: int, event_now: float) -> None:
        """Wait for the next trip; where there are none, the clock moves in whole seconds."""
        self._clock_ms = max(self._clock_ms, min(next_ms, int(event_now) // SECOND_MS * SECOND_MS))
        seconds = self._pacer.wall_of(next_ms) - time.monotonic()
        self._publisher.wait(min(LONGEST_WAIT_SECONDS, max(SHORTEST_WAIT_SECONDS, seconds)))


def ahead(items: Iterable[Records], count: int) -> Iterator[Records]:
    """Yield the same items; while one is in use, another thread prepares up to `count` of the next ones."""
    source = iter(items)
    with ThreadPoolExecutor(max_workers=1) as maker:
        futures: deque[Future[list[Records]]] = deque()
        while True:
            while len(futures) < count:
                futures.append(maker.submit(lambda: list(islice(source, 1))))
            item = futures.popleft().result()
            if not item:
                return
            yield item[0]
