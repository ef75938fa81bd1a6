"""How far the topic goes: its last offsets, and the event clock of its publishers."""

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.kafka_security import KafkaAccess
from stack.topic import TIMEOUT_SECONDS, TOPIC


class TopicEnds:
    """The ends of the topic's partitions, in the order of their numbers."""

    def __init__(self, kafka: KafkaAccess | str, topic: str = TOPIC) -> None:
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
        return self._ask(OffsetSpec.latest(), "offset")

    def event_clocks_ms(self) -> tuple[int, ...]:
        """The greatest timestamp of each partition, which is how far its publishers' clock has come."""
        return self._ask(OffsetSpec.max_timestamp(), "timestamp")

    def _ask(self, spec: OffsetSpec, wanted: str) -> tuple[int, ...]:
        try:
            found = self._admin.list_topics(self.topic, timeout=TIMEOUT_SECONDS).topics[self.topic]
            numbers = [] if found.error else sorted(found.partitions)
            asked = {TopicPartition(self.topic, number): spec for number in numbers}
            answers = self._admin.list_offsets(asked, request_timeout=TIMEOUT_SECONDS) if asked else {}
            return tuple(int(getattr(answer.result(), wanted)) for answer in answers.values())
        except KafkaException:
            return ()
