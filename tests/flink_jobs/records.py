"""Records as a stranger puts them on the topic."""

import io
import json
import struct
from collections.abc import Iterable
from datetime import date
from typing import Any

import fastavro
import httpx
from confluent_kafka import Producer

from schemas import trip
from tests.flink_jobs.platform import Platform

IDENTITY = "0b7a2c1e-0000-4000-8000-000000000001"


def schema_id(platform: Platform) -> int:
    """The registry's id of the current schema."""
    url = f"{platform.endpoints.schema_registry_url}/subjects/{trip.subject('trips')}/versions"
    answer = httpx.post(url, json={"schema": json.dumps(trip.current().record)}, trust_env=False)
    return int(answer.raise_for_status().json()["id"])


def framed(number: int, **fields: Any) -> bytes:
    """A trip with these fields in Confluent's framing; clocks are milliseconds since 1970."""
    record = {"trip_id": IDENTITY, "taxi_type": "green", "source_file": "f", "source_month": date(2024, 1, 1)}
    body = io.BytesIO()
    schema = fastavro.parse_schema(_without_logical_clocks(trip.current().record))
    fastavro.schemaless_writer(body, schema, {**record, **fields})
    return struct.pack(">bI", 0, number) + body.getvalue()


def publish(platform: Platform, values: Iterable[bytes | None], *, timestamp_ms: int = 0) -> None:
    """Put the values on the topic, without a key; without a timestamp they carry today's wall clock."""
    producer = Producer({"bootstrap.servers": platform.endpoints.kafka_bootstrap_servers})
    for value in values:
        producer.produce("trips", value=value, timestamp=timestamp_ms)
    assert producer.flush(30) == 0


def _without_logical_clocks(record: dict[str, Any]) -> dict[str, Any]:
    """Plain longs for clocks, so that a test can write years that no calendar has."""
    text = json.dumps(record).replace('{"type": "long", "logicalType": "local-timestamp-millis"}', '"long"')
    plain: dict[str, Any] = json.loads(text)
    return plain
