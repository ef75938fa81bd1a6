"""Records that no trip is made of, and what becomes of them."""

import struct

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from control_plane.topics import Topic
from schemas.topics import DEAD_LETTERS_TOPIC, DEFAULT_PARTITIONS
from tests.platform import Platform
from tests.records import framed

BEFORE_PICKUP_AT = 5 + 37 + 6 + 2 + 3
"""Bytes of frame, trip_id, taxi_type, source_file and source_month."""
UNKNOWN = struct.pack(">bI", 0, 987_654) + b"\x00\x01\x02"
LENGTH_OF_1_5_GB = b"\x80\xbc\xc1\x96\x0b"
STRANGE_SCHEMA = {"type": "record", "name": "Trip", "fields": [{"name": "price", "type": "int"}]}


def poison(number: int, strange_number: int) -> list[tuple[str, bytes | None]]:
    """Records that must be set aside, each with its error class; the numbers are known schema ids."""
    return [
        ("null_value", None),
        ("too_short", b"\x00\x00"),
        ("wrong_magic", b"\x07 not a framed record"),
        ("unknown_schema", UNKNOWN),
        ("truncated", framed(number)[:-30]),
        ("trailing_bytes", framed(number) + b"\x02\x02"),
        ("wrong_type", framed(number)[:BEFORE_PICKUP_AT] + b"\x12" + b"\x00" * 40),  # of two types the tenth
        ("wrong_type", struct.pack(">bI", 0, number) + LENGTH_OF_1_5_GB + b"\x00" * 40),
        ("missing_value", struct.pack(">bI", 0, strange_number) + b"\x02"),
        ("impossible_value", framed(number, pickup_at=10**17)),
        ("impossible_value", framed(number, trip_id="not a uuid")),
        ("impossible_value", framed(number, source_file="a\0b")),
    ]


def published_dead_letters(platform: Platform) -> list[Message]:
    """Everything on the topic of the dead letters."""
    servers = platform.endpoints.kafka_bootstrap_servers
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "enable.auto.commit": False})
    consumer.assign(
        [TopicPartition(DEAD_LETTERS_TOPIC, number, OFFSET_BEGINNING) for number in range(DEFAULT_PARTITIONS)]
    )
    count = Topic(servers, DEAD_LETTERS_TOPIC).record_count()
    try:
        letters: list[Message] = consumer.consume(count, timeout=30)
        return letters
    finally:
        consumer.close()


def headers(letter: Message) -> dict[str, bytes]:
    """What stands beside the payload."""
    return dict(letter.headers() or [])
