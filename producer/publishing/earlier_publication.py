"""Check whether the trips of a replay are on the topic already, from any publisher and any home."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from confluent_kafka import Consumer, TopicPartition

from producer.instants import MINUTE_MS
from producer.publishing.kafka_topic import TIMEOUT_SECONDS, KafkaCluster, TopicDescription, records_before
from producer.publishing.partitioning import partitions_of
from producer.reading.prepared import spread

MOST_LOOKED_UP = 8
MOST_RECORDS_READ = 5_000
LONGEST_DELAY_MS = 35 * MINUTE_MS
"""The longest delay between a trip's drop-off and its earlier publication (see --lateness)."""


@dataclass(frozen=True)
class EarlierPublication:
    """The count of trips that were looked up, spread over the replay, and of those found."""

    looked_up: int
    found: int

    @property
    def is_whole(self) -> bool:
        """Return whether all of them were found."""
        return 0 < self.looked_up == self.found


def earlier_publication(
    cluster: KafkaCluster, topic: TopicDescription, path: Path, start_row: int, end_row: int
) -> EarlierPublication:
    """Look up some of the rows; none on a Kafka with authentication, where the producer may only write."""
    if not cluster.security.is_open:
        return EarlierPublication(0, 0)
    trips = spread(path, start_row, end_row, MOST_LOOKED_UP)
    partitions = partitions_of(
        pa.array([trip_id for trip_id, _ in trips], pa.string()), topic.partition_count
    )
    options = {"group.id": "earlier-publication", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer(cluster.configuration | options | {"fetch.wait.max.ms": 10})
    try:
        found = [
            cluster.ask(_is_there, consumer, topic.name, int(partition), trip_id.encode(), dropoff_ms)
            for partition, (trip_id, dropoff_ms) in zip(partitions, trips, strict=True)
        ]
    finally:
        consumer.close()
    return EarlierPublication(len(found), sum(found))


def _is_there(consumer: Consumer, topic: str, partition: int, key: bytes, dropoff_ms: int) -> bool:
    """Return whether a trip is at its drop-off's offset, or up to the longest delay behind it."""
    asked = TopicPartition(topic, partition, dropoff_ms)
    (start,) = consumer.offsets_for_times([asked], timeout=TIMEOUT_SECONDS)
    if start.offset < 0:
        return False
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_SECONDS)
    consumer.assign([TopicPartition(topic, partition, start.offset)])
    for record in records_before(consumer, min(end, start.offset + MOST_RECORDS_READ)):
        if record.key() == key:
            return True
        if record.timestamp()[1] > dropoff_ms + LONGEST_DELAY_MS:
            return False
    return False
