"""The topics: creation, removal, offsets, and whether a topic is still the one that was read."""

from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from control_plane.record_counts import holds_records, record_counts
from schemas.errors import UserError
from schemas.kafka_errors import kafka_reason, passing_kafka_reason
from schemas.kafka_security import KafkaAccess
from schemas.retries import with_retries
from schemas.topic_settings import UnfitSetting, read_settings, unfit_settings
from schemas.topics import DEFAULT_PARTITIONS, TOPIC_CONFIG, TRIPS_TOPIC
from stack.waiting import wait_until

TIMEOUT_SECONDS = 15
START_OVER = "run ./taxi reset, then ./taxi job deploy, then replay the months again"

T = TypeVar("T")


class Topic:
    """One topic of a Kafka cluster, created and removed as a whole."""

    def __init__(self, kafka: KafkaAccess | str, name: str = TRIPS_TOPIC) -> None:
        self.name = name
        self._kafka = KafkaAccess.of(kafka)
        self._admin = AdminClient({**self._kafka.librdkafka(), "log_level": 2})

    def ensure(self) -> str:
        """Create the topic if it is missing; return its id, which changes when the topic is recreated."""
        if not self._partitions():
            _ask(self._create)
            wait_until(lambda: self._partitions() > 0, what=f"topic {self.name}")
        return self.id()

    def ensure_source(self, known_id: str) -> str:
        """Create a job's source topic if it is missing, given the topic id that state and accounts belong to.

        Raises UserError where the topic has another id, or settings that lose records.
        """
        if known_id:
            refuse_other_topic(self.name, known_id, self.id() if self.exists() else "")
        found = self.ensure()
        for fault in unfit_settings(_ask(lambda: read_settings(self._admin, self.name, TIMEOUT_SECONDS))):
            raise UserError(f"topic {self.name} has {fault}", fault.remedy)
        return found

    def id(self) -> str:
        """Return the id that distinguishes the topic from an earlier one of the same name."""
        return str(_ask(self._describe).topic_id)

    def exists(self) -> bool:
        return self._partitions() > 0

    def remove(self) -> None:
        """Delete the topic with all its records, if it exists."""
        if self._partitions():
            _ask(self._delete)
            wait_until(lambda: self._partitions() == 0, what=f"the deletion of topic {self.name}")

    def offset_count(self) -> int:
        """Count the offsets in use: of records that a consumer gets, of transaction markers and of gaps."""
        return sum(self._offsets(OffsetSpec.latest())) - sum(self._offsets(OffsetSpec.earliest()))

    def record_count(self, accounted_for: int | None = None) -> int:
        """Count the records that a consumer gets from the topic.

        If the number of offsets equals `accounted_for` there is no gap, and nothing needs to be read.
        """
        if not self.exists():
            return 0
        return offsets if (offsets := self.offset_count()) == accounted_for else self._readable_records()

    def _readable_records(self) -> int:
        earliest, latest = (self._offsets(spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))
        counts = record_counts(self._kafka, self.name, self.id())
        return _ask(lambda: counts.between(earliest, latest))

    def _offsets(self, spec: OffsetSpec) -> list[int]:
        wanted = {TopicPartition(self.name, number): spec for number in range(self._partitions())}
        return _ask(lambda: _list_offsets(self._admin, wanted, "offset")) if wanted else []

    def _partitions(self) -> int:
        found = _ask(lambda: self._admin.list_topics(timeout=TIMEOUT_SECONDS)).topics.get(self.name)
        return len(found.partitions) if found and not found.error else 0

    def _describe(self) -> Any:
        return _described(self._admin, self.name)

    def _create(self) -> None:
        topic = NewTopic(self.name, DEFAULT_PARTITIONS, 1, config=TOPIC_CONFIG)
        _result(self._admin.create_topics([topic])[self.name], KafkaError.TOPIC_ALREADY_EXISTS)

    def _delete(self) -> None:
        _result(self._admin.delete_topics([self.name])[self.name], KafkaError.UNKNOWN_TOPIC_OR_PART)


class TopicEnds:
    """The ends of the topic's partitions, in the order of their numbers."""

    def __init__(self, kafka: KafkaAccess | str, topic: str = TRIPS_TOPIC) -> None:
        self.topic = topic
        self._kafka = KafkaAccess.of(kafka)
        self._admin = AdminClient({**self._kafka.librdkafka(), "log_level": 2})

    def answers(self) -> bool:
        """Check whether Kafka answers."""
        try:
            return bool(self._admin.list_topics(timeout=TIMEOUT_SECONDS).brokers)
        except KafkaException:
            return False

    def offsets(self) -> tuple[int, ...]:
        """Return each partition's offset up to which consumers can read; empty if Kafka does not answer.

        Records of an open transaction are after it: no consumer gets them yet.
        """
        return self._of_partitions(OffsetSpec.latest(), "offset")

    def event_clocks_ms(self) -> tuple[int, ...]:
        """Return the greatest timestamp of each partition: how far its publishers' clock has advanced."""
        return self._of_partitions(OffsetSpec.max_timestamp(), "timestamp")

    def holds_records(self, partition: int, start: int, end: int) -> bool:
        """Check whether a consumer gets any record between two offsets; True while Kafka does not answer."""
        try:
            return holds_records(self._kafka, TopicPartition(self.topic, partition, start), end)
        except (KafkaException, TimeoutError):
            return True

    def topic_id(self) -> str | None:
        """Return the id of the existing topic; empty where there is none, None when Kafka does not answer."""
        try:
            return str(_described(self._admin, self.topic).topic_id)
        except KafkaException as failure:
            return "" if failure.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART else None

    def replacement(self, known_id: str) -> str:
        """Explain what happened to the topic with this id; empty if it exists, or Kafka does not answer."""
        found = self.topic_id()
        return "" if found is None else other_topic(self.topic, known_id, found)

    def unfit_settings(self) -> tuple[UnfitSetting, ...]:
        """List the settings that lose, refuse or delay records; none when Kafka does not answer."""
        try:
            return unfit_settings(read_settings(self._admin, self.topic, TIMEOUT_SECONDS))
        except (KafkaException, TimeoutError):
            return ()

    def _of_partitions(self, spec: OffsetSpec, wanted: str) -> tuple[int, ...]:
        try:
            found = self._admin.list_topics(self.topic, timeout=TIMEOUT_SECONDS).topics[self.topic]
            numbers = [] if found.error else sorted(found.partitions)
            requests = {TopicPartition(self.topic, number): spec for number in numbers}
            return tuple(_list_offsets(self._admin, requests, wanted)) if requests else ()
        except KafkaException:
            return ()


def other_topic(name: str, known_id: str, found_id: str) -> str:
    """Explain why a topic is not the one with the known id, else empty. `found_id` is empty without a
    topic."""
    if not known_id or found_id == known_id:
        return ""
    if not found_id:
        return f"topic {name} was deleted (its id was {known_id})"
    return (
        f"topic {name} was deleted and created again (its id was {known_id}, now it is {found_id}):"
        " the new topic's records are not those that were read and accounted for"
    )


def refuse_other_topic(name: str, known_id: str, found_id: str) -> None:
    """Raise UserError when a topic is not the one with the known id."""
    reason = other_topic(name, known_id, found_id)
    if reason:
        raise UserError(reason, START_OVER)


def _described(admin: AdminClient, name: str) -> Any:
    return admin.describe_topics(TopicCollection([name]), request_timeout=TIMEOUT_SECONDS)[name].result()


def _list_offsets(admin: AdminClient, wanted: dict[TopicPartition, OffsetSpec], field: str) -> list[int]:
    answers = admin.list_offsets(
        wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT_SECONDS
    )
    return [int(getattr(answer.result(), field)) for answer in answers.values()]


def _ask(question: Callable[[], T]) -> T:
    """Return Kafka's answer; raises UserError after retries without an answer, or when Kafka refuses."""
    try:
        return with_retries(question, what="Kafka", passing=passing_kafka_reason)
    except (KafkaException, TimeoutError) as failure:
        verb = "does not answer" if passing_kafka_reason(failure) else "refuses"
        raise UserError(f"Kafka {verb} ({kafka_reason(failure)})", "see ./taxi status") from failure


def _result(answer: Any, done_already: int) -> None:
    """Wait for a change; one that an earlier attempt has made counts as done."""
    try:
        answer.result(timeout=TIMEOUT_SECONDS)
    except KafkaException as failure:
        if failure.args[0].code() != done_already:
            raise
