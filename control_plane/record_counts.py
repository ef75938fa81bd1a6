"""Counts the records that a consumer gets from a topic.

Offsets are not a record count: they also number transaction markers, aborted and compacted records.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.kafka_security import KafkaAccess

SILENT_SECONDS = 10.0
POLL_SECONDS = 0.1
BATCH_RECORDS = 10_000


@dataclass(frozen=True)
class _CountedRange:
    """The number of records between two offsets of a partition."""

    start: int
    end: int
    records: int


@dataclass
class RecordCounts:
    """A counter of a topic's records; each range is read only once."""

    kafka: KafkaAccess
    topic: str
    _counted: dict[int, _CountedRange] = field(default_factory=dict)

    def between(self, starts: Sequence[int], ends: Sequence[int]) -> int:
        """Count the records that consumers get of all partitions; raises KafkaException or TimeoutError."""
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            known = self._counted.get(number)
            if known is None or known.start != start or known.end > end:
                known = _CountedRange(start, start, 0)
            place = TopicPartition(self.topic, number, known.end)
            new = sum(1 for _ in _records(self.kafka, place, end, BATCH_RECORDS))
            self._counted[number] = _CountedRange(start, end, known.records + new)
        return sum(counted.records for counted in self._counted.values())


@cache
def record_counts(kafka: KafkaAccess, topic: str, topic_id: str) -> RecordCounts:  # noqa: ARG001 - a part of the key
    """Return the counter of the topic with this id, shared within the process."""
    return RecordCounts(kafka, topic)


def holds_records(kafka: KafkaAccess, place: TopicPartition, end: int) -> bool:
    """Check whether a consumer gets any record from this place to before the offset `end`."""
    return next(_records(kafka, place, end, 1), None) is not None


def _records(kafka: KafkaAccess, place: TopicPartition, end: int, at_once: int) -> Iterator[Message]:
    """Yield the records from a place of a partition to before the offset `end`, `at_once` per fetch."""
    if place.offset >= end:
        return
    if place.offset < 0:
        place.offset = OFFSET_BEGINNING
    with _reading(kafka, place) as consumer:
        deadline = time.monotonic() + SILENT_SECONDS
        while time.monotonic() < deadline:
            for record in consumer.consume(at_once, POLL_SECONDS):
                deadline = time.monotonic() + SILENT_SECONDS
                if _is_end(record) or (record.offset() or 0) >= end:
                    return
                yield record
                if record.offset() == end - 1:
                    return
        raise TimeoutError(f"Kafka returns no records of {place.topic}-{place.partition}")


def _is_end(record: Message) -> bool:
    error = record.error()
    if error and error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return error is not None


@contextmanager
def _reading(kafka: KafkaAccess, place: TopicPartition) -> Iterator[Consumer]:
    options = {
        "group.id": "record-counts",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 10,
        "log_level": 2,
    }
    consumer = Consumer({**kafka.librdkafka(), **options})
    try:
        consumer.assign([place])
        yield consumer
    finally:
        consumer.close()
