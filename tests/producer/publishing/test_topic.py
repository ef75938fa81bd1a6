"""Which records are ours, and where each partition of a real topic ends."""

from uuid import uuid4

import pytest
from confluent_kafka import Producer

from producer.publishing.kafka_topic import FIRST_LOOK_BACK, KafkaCluster, file_safe, is_ours
from schemas.trip import PROGRESS_MARKER_KEY
from stack.endpoints import Endpoints

TRIP_ID = b"5f0c2d9e-7b1a-5c3d-8e4f-0123456789ab"
TRIP = (TRIP_ID, b"\x00\x00\x00\x00\x01...")
MARKER = (PROGRESS_MARKER_KEY, None)
STRANGER = (b"stranger", b"hello")

Written = tuple[tuple[bytes, bytes | None], int]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("key", "value", "ours"),
    [
        (*TRIP, True),
        (*MARKER, True),
        (TRIP_ID, None, False),
        (TRIP_ID, b"", False),
        (TRIP_ID, b"{}", False),
        (None, b"\x00", False),
        (None, None, False),
        (PROGRESS_MARKER_KEY, b"\x00", False),
        (*STRANGER, False),
    ],
)
def test_markers_and_trips_are_ours(key: bytes | None, value: bytes | None, ours: bool) -> None:
    assert is_ours(key, value) is ours


@pytest.mark.unit
def test_a_topic_id_names_one_file() -> None:
    assert file_safe("f/////////9//////+w") == "f_________9______-w"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("written", "tails_ms"),
    [
        ([], {}),
        ([(STRANGER, 90)], {}),
        ([(MARKER, 10)], {0: 10}),
        ([(TRIP, 20)], {0: 20}),  # killed before the first marker
        ([(MARKER, 10), (TRIP, 20), (TRIP, 30), (STRANGER, 90)], {0: 30}),
        ([(MARKER, 10), (TRIP, 20), (MARKER, 30)], {0: 30}),
        ([(MARKER, 10), *[(TRIP, 20)] * FIRST_LOOK_BACK, (TRIP, 30), (STRANGER, 90)], {0: 30}),
        ([(TRIP, 10), (MARKER, 20), *[(STRANGER, 90)] * 2 * FIRST_LOOK_BACK], {0: 20}),
    ],
)
def test_the_tail_is_the_newest_of_our_records(
    stack: Endpoints, written: list[Written], tails_ms: dict[int, int]
) -> None:
    cluster = KafkaCluster(stack.kafka_bootstrap_servers)
    topic = cluster.topic(f"tails-{uuid4().hex[:8]}", 2)
    producer = Producer(cluster.configuration)
    for (key, value), timestamp_ms in written:
        producer.produce(topic.name, value, key, partition=0, timestamp=timestamp_ms)
    assert producer.flush(10) == 0
    assert cluster.tails_ms(topic) == tails_ms
