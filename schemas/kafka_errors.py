"""Classify Kafka's transient errors: it elects a leader, starts, or is too busy to answer in time."""

from confluent_kafka import KafkaError, KafkaException

PASSING = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._WAIT_COORD,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NOT_CONTROLLER,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        # The topic was created a moment ago.
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)


def kafka_reason(error: BaseException) -> str:
    """Return Kafka's error text; a future that timed out has none of its own."""
    return str(error.args[0].str()) if isinstance(error, KafkaException) else "timed out"


def passing_kafka_reason(error: BaseException) -> str:
    """Return the error text of a transient error; empty for any other."""
    if isinstance(error, KafkaException):
        return kafka_reason(error) if error.args[0].code() in PASSING else ""
    return kafka_reason(error) if isinstance(error, TimeoutError) else ""
