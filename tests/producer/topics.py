"""Reads back what stands on a topic."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from schemas.trip import PROGRESS_MARKER_KEY


@dataclass(frozen=True)
class Record:
    """A record of a topic; a marker has no value."""

    partition: int
    key: bytes
    value: bytes | None
    timestamp_ms: int

    @property
    def is_marker(self) -> bool:
        return self.key == PROGRESS_MARKER_KEY and self.value is None


def all_records(bootstrap_servers: str, topic: str) -> list[list[Record]]:
    """The records of each partition, in their order."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "test",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
        }
    )
    try:
        count = len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        return [_partition(consumer, TopicPartition(topic, number, 0)) for number in range(count)]
    finally:
        consumer.close()


def record_count(bootstrap_servers: str, topic: str) -> int:
    """How many records stand on the topic; 0 while it is being made."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "test"})
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        places = [TopicPartition(topic, number) for number in partitions]
        return sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION:
            raise
        return 0
    finally:
        consumer.close()


def trips(records: Sequence[Sequence[Record]]) -> list[Record]:
    """Everything but markers."""
    return [record for partition in records for record in partition if not record.is_marker]


def markers(records: Sequence[Record]) -> list[Record]:
    """The markers of one partition."""
    return [record for record in records if record.is_marker]


def alter_topic(bootstrap_servers: str, topic: str, setting: str, value: str) -> None:
    """Change one setting of a topic."""
    entry = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.incremental_alter_configs([resource])[resource].result(30)


def _partition(consumer: Consumer, place: TopicPartition) -> list[Record]:
    consumer.assign([place])
    found: list[Record] = []
    while True:
        message = consumer.poll(10)
        assert message is not None, f"no answer on {place}"
        error = message.error()
        if error:
            assert error.code() == KafkaError._PARTITION_EOF, error
            return found
        found.append(Record(message.partition(), message.key(), message.value(), message.timestamp()[1]))
