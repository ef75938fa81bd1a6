"""Bytes that no trip is made of: each is set aside with its reason, and the job goes on."""

import io
import json
import struct
from datetime import date
from typing import Any

import fastavro
import httpx
import pytest
from confluent_kafka import Producer

from schemas import trip
from stack.flink_rest import poll
from tests.flink_jobs.platform import Platform
from tests.oracle.real_months import shared_file

pytestmark = pytest.mark.integration

IDENTITY = "0b7a2c1e-0000-4000-8000-000000000001"


def schema_id(platform: Platform) -> int:
    url = f"{platform.endpoints.schema_registry_url}/subjects/{trip.subject('trips')}/versions"
    answer = httpx.post(url, json={"schema": json.dumps(trip.current().record)}, trust_env=False)
    return int(answer.raise_for_status().json()["id"])


def framed(number: int, **fields: Any) -> bytes:
    record = {"trip_id": IDENTITY, "taxi_type": "green", "source_file": "f", "source_month": date(2024, 1, 1)}
    body = io.BytesIO()
    schema = fastavro.parse_schema(_without_logical_clocks(trip.current().record))
    fastavro.schemaless_writer(body, schema, {**record, **fields})
    return struct.pack(">bI", 0, number) + body.getvalue()


def _without_logical_clocks(record: dict[str, Any]) -> dict[str, Any]:
    """Plain longs for clocks, so that a test can write years that no calendar has."""
    text = json.dumps(record).replace('{"type": "long", "logicalType": "local-timestamp-millis"}', '"long"')
    plain: dict[str, Any] = json.loads(text)
    return plain


def poison(number: int) -> dict[str, bytes | None]:
    """A record of each kind that is set aside, by how its error begins; `number` is a known schema id."""
    return {
        "null_value": None,
        "too_short": b"\x00\x00",
        "wrong_magic": b"\x07 not a framed record",
        "unknown_schema": struct.pack(">bI", 0, 987_654) + b"\x00\x01\x02",
        "truncated": framed(number)[:-30],
        "impossible_value: pickup_at": framed(number, pickup_at=10**17),
        "impossible_value: trip_id": framed(number, trip_id="not a uuid"),
        "impossible_value: source_file": framed(number, source_file="a\0b"),
    }


def put_on_the_topic(platform: Platform, values: list[bytes | None]) -> None:
    """As a stranger does: no key, wall-clock timestamps of today."""
    producer = Producer({"bootstrap.servers": platform.endpoints.kafka_bootstrap_servers})
    for value in values:
        producer.produce("trips", value=value)
    assert producer.flush(30) == 0


def test_every_kind_of_poison_becomes_a_dead_letter_and_the_trips_after_it_are_counted(
    platform: Platform,
) -> None:
    sample = shared_file("samples/yellow_tripdata_2019-06.head.csv")
    kinds = poison(schema_id(platform))
    put_on_the_topic(platform, list(kinds.values()))
    assert platform.replay(sample, "--speedup", "max").returncode == 0
    ledger = platform.balanced_ledger()
    errors = [error for (error,) in platform.query("select error from taxi.dead_letters")]
    missing = [kind for kind in kinds if not any(error.startswith(kind) for error in errors)]
    assert (len(errors), missing) == (len(kinds), [])
    assert sum(entry.windowed + entry.quarantined for entry in ledger.entries) == 1_000
    assert platform.status().restarts.count == 0


def test_a_dead_letter_keeps_the_bytes_and_the_schema_id(platform: Platform) -> None:
    unknown = poison(number=0)["unknown_schema"]
    put_on_the_topic(platform, [unknown])
    found = poll(
        lambda: platform.query("select payload, schema_id from taxi.dead_letters"), seconds=60, what="it"
    )
    assert found == [(unknown, 987_654)]
