"""The topic that trips are published to."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from producer.errors import UserError
from schemas.trip import PROGRESS_MARKER_KEY, TOPIC_CONFIG

TIMEOUT_SECONDS = 10.0
FIRST_ANSWER_SECONDS = 5.0
FIRST_LOOK_BACK = 100
"""Records read first in search of a marker: a replay that ended well ends with one."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Topic:
    """An existing topic; `id` tells it from an earlier one of the same name."""

    name: str
    id: str
    partition_count: int


@dataclass(frozen=True)
class KafkaCluster:
    """The brokers that trips are published to."""

    bootstrap_servers: str

    def check(self) -> None:
        """Raises UserError when no broker answers."""
        self._ask(lambda: self._admin().list_topics(timeout=FIRST_ANSWER_SECONDS))

    @property
    def configuration(self) -> dict[str, Any]:
        """What every client of this cluster is made with."""
        return {"bootstrap.servers": self.bootstrap_servers, "logger": _silent_logger()}

    def topic(self, name: str, partition_count: int) -> Topic:
        """The topic, made with so many partitions when it is missing."""
        admin = self._admin()
        if name not in self._ask(lambda: admin.list_topics(timeout=TIMEOUT_SECONDS)).topics:
            self._create(admin, name, partition_count)
        described = self._ask(_described, admin, name)
        self._refuse_short_retention(admin, name)
        return Topic(name, str(described.topic_id), len(described.partitions))

    def progress_ms(self, topic: Topic) -> Mapping[int, int]:
        """The clock of the newest marker of each partition; partitions without one are left out."""
        consumer = Consumer(
            self.configuration
            | {
                "group.id": "replay-progress",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        partitions = (TopicPartition(topic.name, number) for number in range(topic.partition_count))
        try:
            found = {place.partition: self._ask(_newest_marker_ms, consumer, place) for place in partitions}
        finally:
            consumer.close()
        return {partition: clock_ms for partition, clock_ms in found.items() if clock_ms is not None}

    def _create(self, admin: AdminClient, name: str, partition_count: int) -> None:
        created = admin.create_topics([NewTopic(name, partition_count, config=TOPIC_CONFIG)])[name]
        try:
            created.result(timeout=TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise UserError(f"topic {name} cannot be made: {error.args[0].str()}") from None

    def _refuse_short_retention(self, admin: AdminClient, name: str) -> None:
        resource = ConfigResource(ResourceType.TOPIC, name)
        config = self._ask(
            lambda: admin.describe_configs([resource])[resource].result(timeout=TIMEOUT_SECONDS)
        )
        if config["retention.ms"].value != "-1":
            raise UserError(
                f"topic {name} deletes old records (retention.ms={config['retention.ms'].value}),"
                " and replayed trips are old: they would be gone at once",
                "set retention.ms=-1 on it, or choose another --topic",
            )

    def _admin(self) -> AdminClient:
        return AdminClient(self.configuration)

    def _ask(self, question: Callable[..., Answer], *details: object) -> Answer:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return question(*details)
            except (KafkaException, TimeoutError) as error:
                if not _passes_soon(error) or time.monotonic() > deadline:
                    raise self._silence(error) from None
                time.sleep(0.1)

    def _silence(self, error: Exception) -> UserError:
        reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
        return UserError(
            f"Kafka at {self.bootstrap_servers} does not answer ({reason})",
            "start the stack with ./taxi up, or set KAFKA_BOOTSTRAP_SERVERS",
        )


def _described(admin: AdminClient, name: str) -> Any:
    return admin.describe_topics(TopicCollection([name]), request_timeout=TIMEOUT_SECONDS)[name].result()


def _passes_soon(error: Exception) -> bool:
    """A topic that was made a moment ago has no leader yet."""
    return isinstance(error, KafkaException) and error.args[0].code() in {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }


def _newest_marker_ms(consumer: Consumer, place: TopicPartition) -> int | None:
    """Look back from the end of the partition, further each time."""
    low, end = consumer.get_watermark_offsets(place, timeout=TIMEOUT_SECONDS)
    look_back = FIRST_LOOK_BACK
    while end > low:
        start = max(low, end - look_back)
        consumer.assign([TopicPartition(place.topic, place.partition, start)])
        clocks = [record.timestamp()[1] for record in _records(consumer, end) if _is_marker(record)]
        if clocks:
            return int(max(clocks))
        end, look_back = start, look_back * 8
    return None


def _records(consumer: Consumer, end: int) -> Iterator[Message]:
    """The records of the assigned partition that stand before the offset `end`."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        record = consumer.poll(1.0)
        if record is None:
            continue
        error = record.error()
        if error and error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        if error:
            return
        deadline = time.monotonic() + TIMEOUT_SECONDS
        yield record
        if record.offset() >= end - 1:
            return
    raise TimeoutError


def _is_marker(record: Message) -> bool:
    return record.key() == PROGRESS_MARKER_KEY and record.value() is None


def _silent_logger() -> logging.Logger:
    """librdkafka writes to the terminal otherwise; what matters reaches people as our errors."""
    logger = logging.getLogger("producer.librdkafka")
    logger.disabled = True
    return logger
