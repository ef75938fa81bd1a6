"""Puts trips and progress markers on the topic, and knows what has arrived."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer.encoding import TripEncoder
from producer.errors import UserError
from producer.markers import Marker
from producer.partitioning import partitions_of
from producer.topic import KafkaCluster, Topic
from schemas.trip import PROGRESS_MARKER_KEY

QUIET_SECONDS = 5.0
"""So long Kafka may keep us waiting before a person is told."""

DELIVERY = {
    "acks": "all",
    "enable.idempotence": True,
    # A gap in a partition would make the marker behind it a lie: rather stop.
    "enable.gapless.guarantee": True,
    "message.timeout.ms": 0,
    "linger.ms": 50,
    "batch.size": 1_000_000,
    "batch.num.messages": 50_000,
    "compression.type": "lz4",
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 65_536,
}


@dataclass(frozen=True)
class Records:
    """Trips ready to be sent, in event order, as columns; `replay_ms` is the event clock of each."""

    values: list[bytes]
    keys: list[bytes]
    partitions: list[int]
    timestamps: list[int]
    replay_ms: list[int]

    def __len__(self) -> int:
        return len(self.values)


@dataclass
class _Round:
    """A marker that is on its way; `awaited` partitions have not acknowledged it."""

    marker: Marker
    awaited: int
    failure: str = ""

    def note_arrival(self, error: KafkaError | None, _record: Message) -> None:
        """Called for each partition. What is never called back stays in memory with all that it knows, so
        a round knows nothing of the publisher.
        """
        if error:
            self.failure = error.str()
        else:
            self.awaited -= 1


class Publisher:
    """An idempotent producer of one topic. Within a partition everything arrives in the order in which it was
    sent, so that an acknowledged marker proves all trips before it.
    """

    def __init__(  # noqa: PLR0913 - the composition root names them all
        self,
        cluster: KafkaCluster,
        topic: Topic,
        encoder: TripEncoder,
        *,
        floors_ms: Mapping[int, int],
        outage_seconds: float,
        warn: Callable[[str], None],
        check: Callable[[], None],
    ) -> None:
        configuration: dict[str, Any] = {**cluster.configuration, **DELIVERY, "error_cb": self._note_error}
        self._producer = Producer(configuration)
        self._topic = topic
        self._encoder = encoder
        # What a partition holds already is never followed by an earlier timestamp.
        self._floors_ms = np.array([floors_ms.get(number, 0) for number in range(topic.partition_count)])
        self._outage_seconds = outage_seconds
        self._warn = warn
        self._check = check
        self._rounds: deque[_Round] = deque()
        self._broken = ""
        self._last_error = "no answer"
        self._last_sign = time.monotonic()
        self._has_warned = False
        self._queued = 0
        self._arrived = 0
        self.acknowledged: Marker | None = None
        self.markers_sent = 0
        self._producer.list_topics(topic.name, timeout=10)

    @property
    def in_flight(self) -> int:
        """Records that are queued or sent and not yet acknowledged."""
        return len(self._producer)

    @property
    def is_settled(self) -> bool:
        """Every marker, and so every trip before the last one, is acknowledged."""
        return not self._rounds

    def records(self, trips: pa.RecordBatch) -> Records:
        """Encode a batch of prepared trips."""
        partitions = partitions_of(trips.column("trip_id"), self._topic.partition_count)
        replay_ms = pc.cast(pc.cast(trips.column("replay_at"), pa.timestamp("ms")), pa.int64()).to_numpy()
        return Records(
            values=self._encoder.encode(trips),
            keys=pc.cast(trips.column("trip_id"), pa.binary()).to_pylist(),
            partitions=partitions.tolist(),
            timestamps=np.maximum(replay_ms, self._floors_ms[partitions]).tolist(),
            replay_ms=replay_ms.tolist(),
        )

    def send(self, records: Records, start: int, end: int) -> None:
        """Queue these rows; waits while the queue is full."""
        self._note_departure()
        produce, name = self._producer.produce, self._topic.name
        rows = slice(start, end)
        columns = (
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
        self._serve(0)
        self._refuse_silence()

    def send_marker(self, marker: Marker) -> None:
        """Tell every partition how far the event clock has come."""
        self._note_departure()
        on_its_way = _Round(marker, awaited=self._topic.partition_count)
        self._rounds.append(on_its_way)
        self.markers_sent += 1
        for partition, floor_ms in enumerate(self._floors_ms.tolist()):
            self._produce_later(
                value=None,
                key=PROGRESS_MARKER_KEY,
                partition=partition,
                timestamp=max(marker.clock_ms, floor_ms),
                on_delivery=on_its_way.note_arrival,
            )
        self._queued += self._topic.partition_count

    def wait(self, seconds: float) -> None:
        """Serve what Kafka answers for so long; raises UserError when it has been silent for too long."""
        self._check()
        self._serve(seconds)
        self._refuse_silence()

    def settle(self, seconds: float) -> bool:
        """Wait for everything that was sent, whatever happens; false when the time is up."""
        deadline = time.monotonic() + seconds
        while self.in_flight and time.monotonic() < deadline:
            self._serve(0.05)
        return not self.in_flight

    def _serve(self, seconds: float) -> None:
        try:
            self._producer.poll(seconds)
        except (KafkaException, SystemError):
            # A fatal error is raised here, or hides behind the callback that was served after it.
            self._broken = self._broken or self._last_error
        self._note_acknowledged()
        if self._broken:
            raise UserError(f"Kafka refused a record: {self._broken}")
        arrived = self._queued - self.in_flight
        if arrived > self._arrived or not self.in_flight:
            self._last_sign, self._has_warned = time.monotonic(), False
        self._arrived = max(self._arrived, arrived)

    def _note_acknowledged(self) -> None:
        """Rounds end in the order in which they began, unless one fails."""
        while self._rounds and not self._rounds[0].awaited:
            self.acknowledged = self._rounds.popleft().marker
        if self._rounds:
            self._broken = self._broken or self._rounds[0].failure

    def _note_departure(self) -> None:
        """Silence counts from here, when nothing was awaited before."""
        if not self.in_flight:
            self._last_sign = time.monotonic()

    def _refuse_silence(self) -> None:
        silent_seconds = time.monotonic() - self._last_sign
        if silent_seconds > self._outage_seconds:
            raise UserError(f"Kafka has not answered for {silent_seconds:.0f} s ({self._last_error})")
        if silent_seconds > QUIET_SECONDS and not self._has_warned:
            self._has_warned = True
            self._warn(
                f"Kafka does not answer ({self._last_error}); {self.in_flight:,} records wait,"
                f" trying for {self._outage_seconds:.0f} s"
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
