"""What the control plane knows of topics, on a real Kafka: counts, ends, identity and settings."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Literal
from uuid import uuid4

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control_plane.record_counts import record_counts
from control_plane.topics import Topic, TopicEnds
from producer.publishing.kafka_topic import KafkaCluster
from schemas.errors import UserError
from schemas.topics import DEFAULT_PARTITIONS
from stack.endpoints import Endpoints
from tests.producer.topics import alter_topic
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

SECONDS = 30

End = Literal["plain", "committed", "aborted"]


def new_name() -> str:
    return f"t-{uuid4().hex[:8]}"


@pytest.fixture
def name(stack: Endpoints) -> Iterator[str]:
    """A topic of the test's own."""
    own = new_name()
    Topic(stack.kafka, own).ensure()
    yield own
    Topic(stack.kafka, own).remove()


def send(stack: Endpoints, name: str, records: int, end: End, *, partition: int = 0) -> None:
    """Put so many records on a partition, in a transaction that ends so."""
    options = {"bootstrap.servers": stack.kafka_bootstrap_servers, "log_level": 2}
    if end != "plain":
        options["transactional.id"] = uuid4().hex
    producer = Producer(options)
    if end != "plain":
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
    for number in range(records):
        producer.produce(name, str(number).encode(), b"key", partition)
    assert producer.flush(SECONDS) == 0
    if end == "committed":
        producer.commit_transaction(SECONDS)
    if end == "aborted":
        producer.abort_transaction(SECONDS)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from(["plain", "committed", "aborted"]), st.integers(0, 1)),
        max_size=6,
    )
)
def test_as_many_records_are_counted_as_a_reader_gets_whatever_stands_between_them(
    stack: Endpoints, batches: Sequence[tuple[int, End, int]]
) -> None:
    topic = Topic(stack.kafka, new_name())
    topic.ensure()
    readable = 0
    for records, end, partition in batches:
        send(stack, topic.name, records, end, partition=partition)
        readable += 0 if end == "aborted" else records
        assert topic.record_count() == readable
    transactions = sum(end != "plain" for _, end, _ in batches)
    assert topic.offset_count() == sum(records for records, _, _ in batches) + transactions
    assert topic.record_count(accounted_for=readable) == readable
    topic.remove()


def test_what_an_open_transaction_has_sent_is_no_record_yet(stack: Endpoints, name: str) -> None:
    topic = Topic(stack.kafka, name)
    send(stack, name, 3, "plain")
    producer = Producer(
        {"bootstrap.servers": stack.kafka_bootstrap_servers, "transactional.id": uuid4().hex, "log_level": 2}
    )
    producer.init_transactions(SECONDS)
    producer.begin_transaction()
    producer.produce(name, b"open", b"key", 0)
    assert producer.flush(SECONDS) == 0
    assert (topic.record_count(), TopicEnds(stack.kafka, name).offsets()) == (3, (3, 0))
    producer.commit_transaction(SECONDS)
    wait_for(lambda: topic.record_count() == 4, what="the record")


def test_records_that_were_compacted_away_are_not_missed(stack: Endpoints) -> None:
    own = new_name()
    config = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "100",
    }
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    admin.create_topics([NewTopic(own, 1, 1, config=config)])[own].result(SECONDS)
    topic = Topic(stack.kafka, own)
    wait_for(topic.exists, what="the topic")

    def is_compacted() -> bool:
        send(stack, own, 2, "plain")  # the segment that is written to is never compacted
        # Another counter each time: compaction takes away what was there when one counted before.
        return fresh_count(stack, own) < topic.offset_count()

    wait_for(is_compacted, what="the compaction")
    topic.remove()


def fresh_count(stack: Endpoints, name: str) -> int:
    record_counts.cache_clear()
    return Topic(stack.kafka, name).record_count()


def test_behind_the_last_record_the_end_of_a_transaction_is_nothing_to_read(
    stack: Endpoints, name: str
) -> None:
    send(stack, name, 3, "committed")
    send(stack, name, 2, "aborted")
    ends = TopicEnds(stack.kafka, name)
    assert ends.offsets() == (7, 0)  # 3 records, their end, 2 records, their end
    assert ends.holds_records(0, 2, 7)
    assert not ends.holds_records(0, 3, 7)
    assert not ends.holds_records(1, -1, 0)


def test_a_topic_that_was_recreated_is_another_and_one_that_is_gone_is_none(
    stack: Endpoints, name: str
) -> None:
    topic, ends = Topic(stack.kafka, name), TopicEnds(stack.kafka, name)
    known = topic.ensure_source("")
    assert (topic.ensure_source(known), ends.replacement(known)) == (known, "")
    topic.remove()
    wait_for(lambda: "was deleted (its id was" in ends.replacement(known), what="the end of the topic")
    with pytest.raises(UserError, match="was deleted"):
        topic.ensure_source(known)
    assert not topic.exists()
    found = topic.ensure()
    assert f"its id was {known}, now it is {found}" in ends.replacement(known)
    with pytest.raises(UserError, match=r"deleted and created again.*\./taxi reset"):
        topic.ensure_source(known)


def as_job(stack: Endpoints, name: str) -> None:
    Topic(stack.kafka, name).ensure_source("")


def as_publisher(stack: Endpoints, name: str) -> None:
    KafkaCluster(stack.kafka_bootstrap_servers).topic(name, DEFAULT_PARTITIONS)


@pytest.mark.parametrize("use", [as_job, as_publisher])
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cleanup.policy", "compact"),
        ("retention.ms", "604800000"),
        ("retention.bytes", "1000000"),
        ("message.timestamp.type", "LogAppendTime"),
        ("message.timestamp.before.max.ms", "1000"),
        ("max.message.bytes", "1000"),
    ],
)
def test_a_topic_whose_settings_lose_records_is_refused_by_name(
    stack: Endpoints, name: str, setting: str, value: str, use: Callable[[Endpoints, str], None]
) -> None:
    use(stack, name)
    alter_topic(stack.kafka_bootstrap_servers, name, setting, value)

    def refusal() -> str:
        with suppress(KafkaException):
            try:
                use(stack, name)
            except UserError as refused:
                return str(refused)
        return ""

    assert f"topic {name} has {setting}={value}" in wait_for(refusal, what="the new setting")
    assert f"set {setting}=" in refusal()
    assert [fault.setting for fault in TopicEnds(stack.kafka, name).unfit_settings()] == [setting]
