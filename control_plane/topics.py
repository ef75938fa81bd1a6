"""The topics: made, removed, and how far they go."""

from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from schemas.errors import UserError
from schemas.kafka_errors import kafka_reason, passing_kafka_reason
from schemas.kafka_security import KafkaAccess
from schemas.retries import with_retries
from schemas.topics import DEFAULT_PARTITIONS, TOPIC_CONFIG, TRIPS_TOPIC
from stack.waiting import wait_until

TIMEOUT_SECONDS = 15

T = TypeVar("T")


class Topic:
    """One topic of a Kafka, made and removed as a whole."""

    def __init__(self, kafka: KafkaAccess | str, name: str = TRIPS_TOPIC) -> None:
        self.name = name
        self._admin = AdminClient({**KafkaAccess.of(kafka).librdkafka(), "log_level": 2})

    def ensure(self) -> str:
        """Create the topic unless it is there; return its id, which changes when the topic is recreated."""
        if not self._partitions():
            _ask(self._create)
            wait_until(lambda: self._partitions() > 0, what=f"topic {self.name}")
        return str(_ask(self._describe).topic_id)

    def exists(self) -> bool:
        """Whether it is there."""
        return self._partitions() > 0

    def remove(self) -> None:
        """Delete the topic with all its records, if it is there."""
        if self._partitions():
            _ask(self._delete)
            wait_until(lambda: self._partitions() == 0, what=f"the end of topic {self.name}")

    def record_count(self) -> int:
        """How many records the topic holds: its offsets have no holes, as producers use no transactions."""
        return sum(self._offsets(OffsetSpec.latest())) - sum(self._offsets(OffsetSpec.earliest()))

    def _offsets(self, spec: OffsetSpec) -> list[int]:
        wanted = {TopicPartition(self.name, number): spec for number in range(self._partitions())}
        if not wanted:
            return [0]
        return _ask(lambda: self._list_offsets(wanted))

    def _list_offsets(self, wanted: dict[TopicPartition, OffsetSpec]) -> list[int]:
        answers = self._admin.list_offsets(wanted, request_timeout=TIMEOUT_SECONDS)
        return [answer.result().offset for answer in answers.values()]

    def _partitions(self) -> int:
        found = _ask(lambda: self._admin.list_topics(timeout=TIMEOUT_SECONDS)).topics.get(self.name)
        return len(found.partitions) if found and not found.error else 0

    def _describe(self) -> Any:
        answer = self._admin.describe_topics(TopicCollection([self.name]), request_timeout=TIMEOUT_SECONDS)
        return answer[self.name].result()

    def _create(self) -> None:
        topic = NewTopic(self.name, DEFAULT_PARTITIONS, 1, config=TOPIC_CONFIG)
        _result(self._admin.create_topics([topic])[self.name], KafkaError.TOPIC_ALREADY_EXISTS)

    def _delete(self) -> None:
        _result(self._admin.delete_topics([self.name])[self.name], KafkaError.UNKNOWN_TOPIC_OR_PART)


class TopicEnds:
    """The ends of the topic's partitions, in the order of their numbers."""

    def __init__(self, kafka: KafkaAccess | str, topic: str = TRIPS_TOPIC) -> None:
        self.topic = topic
        self._admin = AdminClient({**KafkaAccess.of(kafka).librdkafka(), "log_level": 2})

    def answers(self) -> bool:
        """Whether Kafka is there."""
        try:
            return bool(self._admin.list_topics(timeout=TIMEOUT_SECONDS).brokers)
        except KafkaException:
            return False

    def offsets(self) -> tuple[int, ...]:
        """The offset that the next record of each partition will have; empty when Kafka does not answer."""
        return self._list_offsets(OffsetSpec.latest(), "offset")

    def event_clocks_ms(self) -> tuple[int, ...]:
        """The greatest timestamp of each partition, which is how far its publishers' clock has come."""
        return self._list_offsets(OffsetSpec.max_timestamp(), "timestamp")

    def _list_offsets(self, spec: OffsetSpec, wanted: str) -> tuple[int, ...]:
        try:
            found = self._admin.list_topics(self.topic, timeout=TIMEOUT_SECONDS).topics[self.topic]
            numbers = [] if found.error else sorted(found.partitions)
            requests = {TopicPartition(self.topic, number): spec for number in numbers}
            answers = self._admin.list_offsets(requests, request_timeout=TIMEOUT_SECONDS) if requests else {}
            return tuple(int(getattr(answer.result(), wanted)) for answer in answers.values())
        except KafkaException:
            return ()


def _ask(question: Callable[[], T]) -> T:
    """Kafka's answer; raises UserError when there is none for long, or when it refuses."""
    try:
        return with_retries(question, what="Kafka", passing=passing_kafka_reason)
    except (KafkaException, TimeoutError) as failure:
        verb = "does not answer" if passing_kafka_reason(failure) else "refuses"
        raise UserError(f"Kafka {verb} ({kafka_reason(failure)})", "see ./taxi status") from failure


def _result(answer: Any, done_already: int) -> None:
    """Wait for a change; one that an earlier attempt has made is well, too."""
    try:
        answer.result(timeout=TIMEOUT_SECONDS)
    except KafkaException as failure:
        if failure.args[0].code() != done_already:
            raise
