"""Send trips and progress markers to the topic, and track what Kafka has acknowledged."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer.publishing.encoding import VersionedEncoder
from producer.publishing.kafka_topic import TIMEOUT_SECONDS, KafkaCluster, TopicDescription
from producer.publishing.markers import Marker
from producer.publishing.partitioning import partitions_of
from schemas.errors import UserError
from schemas.trip import PROGRESS_MARKER_KEY, TripSchema

QUIET_SECONDS = 5.0
"""How long Kafka may be silent before the user is warned."""

DELIVERY = {
    "acks": "all",
    "enable.idempotence": True,
    # A gap in a partition would make the marker behind it false: stop instead.
    "enable.gapless.guarantee": True,
    "message.timeout.ms": 0,
    "linger.ms": 50,
    "batch.size": 500_000,
    "batch.num.messages": 50_000,
    "compression.type": "lz4",
    "queue.buffering.max.messages": 500_000,
}

NEVER = np.iinfo(np.int64).max
"""The first row of a partition that another process fills."""


@dataclass(frozen=True)
class Lane:
    """The partitions that one process fills, and the row of the prepared month at which each starts."""

    next_rows: Mapping[int, int]

    @property
    def next_row(self) -> int:
        """Return the row at which the lane starts to read."""
        return min(self.next_rows.values())

    def first_rows(self, partition_count: int) -> npt.NDArray[np.int64]:
        """Return the first row of each partition, by partition number."""
        return np.array([self.next_rows.get(number, NEVER) for number in range(partition_count)])


@dataclass(frozen=True)
class Destination:
    """The topic, and the newest timestamp that each partition already holds."""

    cluster: KafkaCluster
    topic: TopicDescription
    schema_ids: Mapping[TripSchema, int]
    tails_ms: Mapping[int, int]
    in_flight_megabytes: int
    outage_seconds: float


@dataclass(frozen=True)
class Records:
    """Encoded trips of a lane in event order, as columns; `replay_ms` is their event clock."""

    values: list[bytes]
    keys: list[bytes]
    partitions: list[int]
    timestamps: list[int]
    replay_ms: list[int]
    rows: npt.NDArray[np.int64]
    end_row: int

    def __len__(self) -> int:
        return len(self.values)

    def row_of(self, index: int) -> int:
        """Return the row of the prepared month that follows once `index` of these trips are sent."""
        return int(self.rows[index]) if index < len(self.rows) else self.end_row


@dataclass
class _Arrivals:
    """A record of which markers Kafka has acknowledged.

    A callback that is never called stays in memory with all its references, so this does not refer to the
    publisher.
    """

    news: deque[tuple[int, Marker]] = field(default_factory=deque)
    failure: str = ""

    def note(self, marker: Marker, error: KafkaError | None, record: Message) -> None:
        """Record the delivery report of one marker on one partition."""
        if error:
            self.failure = self.failure or error.str()
        else:
            self.news.append((record.partition(), marker))


class Publisher:
    """An idempotent producer for one topic.

    Within a partition everything arrives in the order in which it was sent, so that an acknowledged marker
    proves all trips before it.
    """

    def __init__(
        self, destination: Destination, lane: Lane, *, warn: Callable[[str], None], check: Callable[[], None]
    ) -> None:
        topic = destination.topic
        limit = {"queue.buffering.max.kbytes": destination.in_flight_megabytes * 1024}
        own: dict[str, Any] = {"error_cb": self._note_error}
        self._producer = Producer({**destination.cluster.configuration, **DELIVERY, **limit, **own})
        self._topic = topic
        self._encoder = VersionedEncoder(destination.schema_ids, warn)
        self._partitions = sorted(lane.next_rows)
        self._first_rows = lane.first_rows(topic.partition_count)
        # No record gets an earlier timestamp than those that its partition already holds.
        tails_ms = [destination.tails_ms.get(number, 0) for number in range(topic.partition_count)]
        self._floors_ms = np.array(tails_ms, dtype=np.int64)
        self._outage_seconds = destination.outage_seconds
        self._warn = warn
        self._check = check
        self._arrivals = _Arrivals()
        self._awaited_markers = 0
        self._broken = ""
        self._last_error = "no answer"
        self._last_sign = time.monotonic()
        self._has_warned = False
        self._queued = 0
        self._arrived = 0
        self.acknowledged: dict[int, Marker] = {}
        self.sent = 0
        self.markers_sent = 0
        destination.cluster.ask(lambda: self._producer.list_topics(topic.name, timeout=TIMEOUT_SECONDS))

    @property
    def in_flight(self) -> int:
        """Return the number of records that are queued or sent and not yet acknowledged."""
        return len(self._producer)

    @property
    def is_settled(self) -> bool:
        """Return whether every marker, and so every trip before the last one, is acknowledged."""
        return not self._awaited_markers

    def records(self, trips: pa.RecordBatch, first_row: int) -> Records:
        """Encode this lane's trips of a batch of prepared trips that begins at `first_row`."""
        partitions = partitions_of(trips.column("trip_id"), self._topic.partition_count)
        rows = np.arange(first_row, first_row + trips.num_rows)
        is_ours = rows >= self._first_rows[partitions]
        if not is_ours.all():
            trips, partitions, rows = trips.filter(pa.array(is_ours)), partitions[is_ours], rows[is_ours]
        replay_ms = pc.cast(pc.cast(trips.column("replay_at"), pa.timestamp("ms")), pa.int64()).to_numpy()
        return Records(
            values=self._encoder.encode(trips).tolist(),
            keys=trips.column("trip_id").cast(pa.binary()).to_numpy(zero_copy_only=False).tolist(),
            partitions=partitions.tolist(),
            timestamps=np.maximum(replay_ms, self._floors_ms[partitions]).tolist(),
            replay_ms=replay_ms.tolist(),
            rows=rows,
            end_row=first_row + len(is_ours),
        )

    def send(self, records: Records, start: int, end: int) -> None:
        """Queue these rows; waits while the queue is full."""
        self._note_departure()
        produce, name = self._producer.produce, self._topic.name
        rows = slice(start, end)
        columns: tuple[Sequence[Any], ...] = (
            records.values[rows],
            records.keys[rows],
            records.partitions[rows],
            records.timestamps[rows],
        )
        for value, key, partition, timestamp in zip(*columns, strict=True):
            try:
                produce(name, value, key, partition, None, None, timestamp)
            except BufferError:
                self._produce_later(value=value, key=key, partition=partition, timestamp=timestamp)
        self._queued += end - start
        self.sent += end - start
        self._serve(0)
        self._refuse_silence()

    def send_marker(self, marker: Marker) -> None:
        """Send the position of the event clock to every partition of the lane."""
        self._note_departure()
        self.markers_sent += 1
        self._awaited_markers += len(self._partitions)
        note = partial(self._arrivals.note, marker)
        for partition in self._partitions:
            self._produce_later(
                value=None,
                key=PROGRESS_MARKER_KEY,
                partition=partition,
                timestamp=max(marker.clock_ms, int(self._floors_ms[partition])),
                on_delivery=note,
            )
        self._queued += len(self._partitions)

    def wait(self, seconds: float) -> None:
        """Serve delivery reports for this long; raises UserError when Kafka has been silent for too long."""
        self._check()
        self._serve(seconds)
        self._refuse_silence()

    def settle(self, seconds: float) -> bool:
        """Wait until nothing is in flight, with no limit on Kafka's silence; return False at the timeout."""
        deadline = time.monotonic() + seconds
        while self.in_flight and time.monotonic() < deadline:
            self._serve(0.05)
        return not self.in_flight

    def _serve(self, seconds: float) -> None:
        try:
            self._producer.poll(seconds)
        except (KafkaException, SystemError):
            # A fatal error is raised here, or is masked by a callback that was served after it.
            self._broken = self._broken or self._last_error
        self._note_acknowledged()
        if self._broken:
            raise UserError(f"Kafka refused a record: {self._broken}")
        arrived = self._queued - self.in_flight
        if arrived > self._arrived or not self.in_flight:
            self._last_sign, self._has_warned = time.monotonic(), False
        self._arrived = max(self._arrived, arrived)

    def _note_acknowledged(self) -> None:
        """Record acknowledged markers: those of a partition arrive in the order sent, unless one fails."""
        while self._arrivals.news:
            partition, marker = self._arrivals.news.popleft()
            self.acknowledged[partition] = marker
            self._awaited_markers -= 1
        self._broken = self._broken or self._arrivals.failure

    def _note_departure(self) -> None:
        """Start to count Kafka's silence, if nothing was awaited before."""
        if not self.in_flight:
            self._last_sign = time.monotonic()

    def _refuse_silence(self) -> None:
        silent_seconds = time.monotonic() - self._last_sign
        if silent_seconds > self._outage_seconds:
            raise UserError(
                f"timed out: Kafka has not answered for {silent_seconds:.0f} s ({self._last_error})"
            )
        if silent_seconds > QUIET_SECONDS and not self._has_warned:
            self._has_warned = True
            self._warn(
                f"Kafka does not answer ({self._last_error}); {self.in_flight:,} records are waiting;"
                f" retrying for up to {self._outage_seconds:.0f} s"
            )

    def _produce_later(self, **record: Any) -> None:
        while True:
            try:
                self._producer.produce(self._topic.name, **record)
            except BufferError:
                self.wait(0.05)
            else:
                return

    def _note_error(self, error: KafkaError) -> None:
        self._last_error = error.str()
        if error.fatal():
            self._broken = error.str()
