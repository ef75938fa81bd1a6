"""The topics: made, removed, and how far they go."""

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from schemas.errors import UserError
from schemas.kafka_security import KafkaAccess
from schemas.topics import DEFAULT_PARTITIONS, TOPIC_CONFIG, TRIPS_TOPIC
from stack.polling import poll

TIMEOUT_SECONDS = 15


class Topic:
    """One topic of a Kafka, made and removed as a whole."""

    def __init__(self, kafka: KafkaAccess | str, name: str = TRIPS_TOPIC) -> None:
        self.name = name
        self._admin = AdminClient({**KafkaAccess.of(kafka).librdkafka(), "log_level": 2})

    def ensure(self) -> str:
        """Create the topic unless it is there; return its id, which a topic made anew does not share."""
        if not self._partitions():
            self._admin.create_topics([NewTopic(self.name, DEFAULT_PARTITIONS, 1, config=TOPIC_CONFIG)])
            poll(lambda: self._partitions() > 0, seconds=TIMEOUT_SECONDS, what=f"topic {self.name}")
        answer = self._admin.describe_topics(TopicCollection([self.name]), request_timeout=TIMEOUT_SECONDS)
        return str(answer[self.name].result().topic_id)

    def exists(self) -> bool:
        """Whether it is there."""
        return self._partitions() > 0

    def remove(self) -> None:
        """Delete the topic with all its records, if it is there."""
        if self._partitions():
            self._admin.delete_topics([self.name])
            poll(
                lambda: self._partitions() == 0, seconds=TIMEOUT_SECONDS, what=f"the end of topic {self.name}"
            )

    def record_count(self) -> int:
        """How many records the topic holds: its offsets have no holes, as producers use no transactions."""
        return sum(self._offsets(OffsetSpec.latest())) - sum(self._offsets(OffsetSpec.earliest()))

    def _offsets(self, spec: OffsetSpec) -> list[int]:
        wanted = {TopicPartition(self.name, number): spec for number in range(self._partitions())}
        if not wanted:
            return [0]
        answers = self._admin.list_offsets(wanted, request_timeout=TIMEOUT_SECONDS)
        return [answer.result().offset for answer in answers.values()]

    def _partitions(self) -> int:
        try:
            found = self._admin.list_topics(timeout=TIMEOUT_SECONDS).topics.get(self.name)
        except KafkaException as failure:
            raise UserError("Kafka does not answer", "see ./taxi status") from failure
        return len(found.partitions) if found and not found.error else 0


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
