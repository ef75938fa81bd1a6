"""Bytes that no trip is made of: each is set aside with its reason, and the job goes on."""

import struct
from collections import Counter

import pytest

from stack.flink_rest import poll
from tests.flink_jobs.platform import Platform
from tests.flink_jobs.records import framed, publish, schema_id
from tests.oracle.real_months import shared_file

pytestmark = pytest.mark.integration

COPIES = 20
BEFORE_PICKUP_AT = 5 + 37 + 6 + 2 + 3
"""Bytes of frame, trip_id, taxi_type, source_file and source_month."""
UNKNOWN = struct.pack(">bI", 0, 987_654) + b"\x00\x01\x02"
LENGTH_OF_1_5_GB = b"\x80\xbc\xc1\x96\x0b"


def poison(number: int) -> list[tuple[str, bytes | None]]:
    """Records that must be set aside, each with its error class; `number` is a known schema id."""
    return [
        ("null_value", None),
        ("too_short", b"\x00\x00"),
        ("wrong_magic", b"\x07 not a framed record"),
        ("unknown_schema", UNKNOWN),
        ("truncated", framed(number)[:-30]),
        ("trailing_bytes", framed(number) + b"\x02\x02"),
        ("wrong_type", framed(number)[:BEFORE_PICKUP_AT] + b"\x12" + b"\x00" * 40),  # of two types the tenth
        ("wrong_type", struct.pack(">bI", 0, number) + LENGTH_OF_1_5_GB + b"\x00" * 40),
        ("impossible_value", framed(number, pickup_at=10**17)),
        ("impossible_value", framed(number, trip_id="not a uuid")),
        ("impossible_value", framed(number, source_file="a\0b")),
    ]


def test_every_kind_of_poison_becomes_a_dead_letter_and_the_trips_after_it_are_counted(
    platform: Platform,
) -> None:
    sample = shared_file("samples/yellow_tripdata_2019-06.head.csv")
    records = poison(schema_id(platform)) * COPIES
    publish(platform, [value for _, value in records])
    assert platform.replay(sample, "--speedup", "max").returncode == 0
    ledger = platform.balanced_ledger()
    errors = platform.query("select error_class from taxi.dead_letters")
    assert Counter(kind for (kind,) in errors) == Counter(kind for kind, _ in records)
    assert sum(entry.windowed + entry.quarantined for entry in ledger.entries) == 1_000
    assert platform.status().restarts.count == 0


def test_a_dead_letter_keeps_the_bytes_and_the_schema_id(platform: Platform) -> None:
    publish(platform, [UNKNOWN])
    found = poll(
        lambda: platform.query("select payload, schema_id from taxi.dead_letters"), seconds=60, what="it"
    )
    assert found == [(UNKNOWN, 987_654)]
