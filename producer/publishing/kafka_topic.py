"""Describe, create and read the topic that trips are published to."""

import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from schemas.errors import UserError
from schemas.kafka_errors import kafka_reason, passing_kafka_reason
from schemas.kafka_security import OPEN, KafkaSecurity
from schemas.retries import with_retries
from schemas.topic_settings import read_settings, unfit_settings
from schemas.topics import TOPIC_CONFIG
from schemas.trip import PROGRESS_MARKER_KEY

TIMEOUT_SECONDS = 10.0
FIRST_ANSWER_SECONDS = 3.0
ABSENT_SECONDS = 6.0
"""How long to wait for Kafka when no process listens at its address."""
FIRST_LOOK_BACK = 100
"""Records that are read first to find a marker: a replay that ended cleanly ends with one."""

TRIP_ID_LENGTH = 36
REGISTRY_MAGIC = b"\x00"

T = TypeVar("T")


@dataclass(frozen=True)
class TopicDescription:
    """An existing topic; `id` distinguishes it from an earlier topic of the same name."""

    name: str
    id: str
    partition_count: int


@dataclass(frozen=True)
class KafkaCluster:
    """The Kafka cluster that trips are published to."""

    bootstrap_servers: str
    security: KafkaSecurity = OPEN

    def check(self) -> None:
        """Raise UserError when no broker answers."""
        self.ask(lambda: self._admin().list_topics(timeout=FIRST_ANSWER_SECONDS))

    @property
    def configuration(self) -> dict[str, Any]:
        """Return the configuration shared by all clients of this cluster."""
        security = self.security.librdkafka()
        return {"bootstrap.servers": self.bootstrap_servers, "logger": _silent_logger(), **security}

    def topic(self, name: str, partition_count: int) -> TopicDescription:
        """Return the topic; creates it with `partition_count` partitions if it is missing."""
        admin = self._admin()
        if name not in self.ask(lambda: admin.list_topics(timeout=TIMEOUT_SECONDS)).topics:
            self._create(admin, name, partition_count)
        described = self.ask(_described, admin, name)
        self._refuse_unfit_settings(admin, name)
        return TopicDescription(name, file_safe(str(described.topic_id)), len(described.partitions))

    def tails_ms(self, topic: TopicDescription) -> Mapping[int, int]:
        """Return the newest timestamp of each partition, of markers and trips.

        Partitions without records are left out.

        As a floor for the records that follow, these timestamps make no unsent trip of an interrupted replay
        late. Rows are sent in the order of replay_at, and a partition holds what was sent to it without a
        gap. So its tail is a row before the unsent one, or a marker, whose clock never passes the next row.
        In both cases the tail <= the unsent trip's replay_at, which stays its timestamp. Where the floor of
        an older replay is higher, the trip would have got it without the interruption too.
        """
        if not self.security.is_open:
            return self._newest_ms(topic)
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
            found = {
                topic_partition.partition: self.ask(_tail_ms, consumer, topic_partition)
                for topic_partition in partitions
            }
        finally:
            consumer.close()
        return {partition: tail_ms for partition, tail_ms in found.items() if tail_ms is not None}

    def _newest_ms(self, topic: TopicDescription) -> Mapping[int, int]:
        """Return the same on a cluster with authentication: only we write there, and we may not read.

        Our timestamps do not decrease, so the greatest is that of the tail.
        """
        topic_partitions = [TopicPartition(topic.name, number) for number in range(topic.partition_count)]
        requests = dict.fromkeys(topic_partitions, OffsetSpec.max_timestamp())
        admin = self._admin()  # keep a reference: the futures die with the client

        def timestamps() -> dict[int, int]:
            answers = admin.list_offsets(requests, request_timeout=TIMEOUT_SECONDS)
            return {asked.partition: int(answer.result().timestamp) for asked, answer in answers.items()}

        found = self.ask(timestamps)
        return {partition: newest_ms for partition, newest_ms in found.items() if newest_ms >= 0}

    def _create(self, admin: AdminClient, name: str, partition_count: int) -> None:
        def create() -> None:
            created = admin.create_topics([NewTopic(name, partition_count, config=TOPIC_CONFIG)])[name]
            try:
                created.result(timeout=TIMEOUT_SECONDS)
            except KafkaException as error:
                if passing_kafka_reason(error):
                    raise
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise UserError(f"cannot create topic {name}: {error.args[0].str()}") from None

        self.ask(create)

    def _refuse_unfit_settings(self, admin: AdminClient, name: str) -> None:
        for fault in unfit_settings(self.ask(read_settings, admin, name, TIMEOUT_SECONDS)):
            raise UserError(f"topic {name} has {fault}", f"{fault.remedy}, or use another --topic")

    def _admin(self) -> AdminClient:
        return AdminClient(self.configuration)

    def ask(self, query: Callable[..., T], *details: object) -> T:
        """Return Kafka's answer; retries while it elects a leader or is too busy to answer in time."""
        began_at = time.monotonic()

        def passing(error: BaseException) -> str:
            is_new = time.monotonic() - began_at < ABSENT_SECONDS
            reason = passing_kafka_reason(error)
            return reason if reason and (is_new or self._has_listener()) else ""

        try:
            return with_retries(
                lambda: query(*details), what=f"Kafka at {self.bootstrap_servers}", passing=passing
            )
        except (KafkaException, TimeoutError) as error:
            raise UserError(
                f"Kafka at {self.bootstrap_servers} does not answer ({kafka_reason(error)})",
                _remedy(self.security),
            ) from None

    def _has_listener(self) -> bool:
        """Return whether a process listens; the client reports a busy broker and an absent one alike."""
        for address in self.bootstrap_servers.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host, int(port)), timeout=FIRST_ANSWER_SECONDS).close()
            except (OSError, ValueError):
                continue
            return True
        return False


def _remedy(security: KafkaSecurity) -> str:
    # The client reports refused credentials with the same error as an unreachable Kafka.
    if not security.is_open:
        return "check that Kafka is running, and that KAFKA_USER and its password are correct"
    return "start the stack with ./taxi up, or set KAFKA_BOOTSTRAP_SERVERS"


def file_safe(topic_id: str) -> str:
    """Format the id as Kafka's own tools do; the client writes `/`, which file names cannot hold."""
    return topic_id.replace("+", "-").replace("/", "_")


def _described(admin: AdminClient, name: str) -> Any:
    return admin.describe_topics(TopicCollection([name]), request_timeout=TIMEOUT_SECONDS)[name].result()


def _tail_ms(consumer: Consumer, topic_partition: TopicPartition) -> int | None:
    """Search back from the end of the partition, in growing steps, until a marker is found.

    Our timestamps do not decrease, so nothing before the marker is newer than what was read. After a kill the
    tail consists of trips. Trips that are sent again must not fall behind it: otherwise the stream's verdict
    on them would depend on how fast it reads.
    """
    low, end = consumer.get_watermark_offsets(topic_partition, timeout=TIMEOUT_SECONDS)
    newest_ms: int | None = None
    look_back, has_marker = FIRST_LOOK_BACK, False
    while end > low and not has_marker:
        start = max(low, end - look_back)
        consumer.assign([TopicPartition(topic_partition.topic, topic_partition.partition, start)])
        for record in records_before(consumer, end):
            if is_ours(record.key(), record.value()):
                newest_ms = max(newest_ms or 0, record.timestamp()[1])
                has_marker = has_marker or record.value() is None
        end, look_back = start, look_back * 8
    return newest_ms


def records_before(consumer: Consumer, end: int) -> Iterator[Message]:
    """Yield the records of the assigned partition before the offset `end`."""
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


def is_ours(key: bytes | None, value: bytes | None) -> bool:
    """Return whether it is a marker or a trip.

    Other producers may write here too, with today's timestamps.
    """
    if value is None:
        return key == PROGRESS_MARKER_KEY
    return key is not None and len(key) == TRIP_ID_LENGTH and value[:1] == REGISTRY_MAGIC


def _silent_logger() -> logging.Logger:
    """Keep librdkafka from writing to the terminal; our errors report what matters."""
    logger = logging.getLogger("producer.librdkafka")
    logger.disabled = True
    return logger
