"""Records as a stranger puts them on the topic."""

import io
import json
import struct
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import fastavro
import httpx
from confluent_kafka import Producer

from schemas import trip
from schemas.topics import DEFAULT_PARTITIONS, TRIPS_TOPIC
from tests.platform import Platform

IDENTITY = "0b7a2c1e-0000-4000-8000-000000000001"


def schema_id(platform: Platform) -> int:
    """The registry's id of the current schema."""
    return register(platform, trip.subject(TRIPS_TOPIC), trip.current().record)


def register(platform: Platform, subject: str, schema: dict[str, Any]) -> int:
    """The registry's id of a schema, which is registered if it is not known."""
    url = f"{platform.endpoints.schema_registry_url}/subjects/{subject}/versions"
    answer = httpx.post(url, json={"schema": json.dumps(schema)}, trust_env=False, timeout=60)
    return int(answer.raise_for_status().json()["id"])


def at(clock: str) -> datetime:
    """An instant of the day that these records are of; New York time, carried as if it were UTC."""
    return datetime.fromisoformat(f"2024-01-10 {clock}+00:00")


def framed(number: int, **fields: Any) -> bytes:
    """A trip with these fields in Confluent's framing; clocks are milliseconds since 1970."""
    record = {"trip_id": IDENTITY, "taxi_type": "green", "source_file": "f", "source_month": date(2024, 1, 1)}
    body = io.BytesIO()
    schema = fastavro.parse_schema(_without_logical_clocks(trip.current().record))
    fastavro.schemaless_writer(body, schema, {**record, **fields})
    return struct.pack(">bI", 0, number) + body.getvalue()


def trip_record(number: int, trip_id: str, dropoff_at: datetime, *, zone: int, cents: int) -> bytes:
    """A valid green trip of ten minutes; New York clocks, carried as if they were UTC."""
    return framed(
        number,
        trip_id=trip_id,
        source_month=dropoff_at.date().replace(day=1),
        pickup_at=millis(dropoff_at - timedelta(minutes=10)),
        dropoff_at=millis(dropoff_at),
        pickup_zone_id=zone,
        total_amount_cents=cents,
    )


def millis(clock: datetime) -> int:
    """Milliseconds since 1970 of a clock that carries UTC."""
    return int(clock.timestamp() * 1000)


def publish(platform: Platform, values: Iterable[bytes | None], *, timestamp_ms: int = 0) -> None:
    """Put the values on the topic, without a key; without a timestamp they carry today's wall clock."""
    producer = Producer({"bootstrap.servers": platform.endpoints.kafka_bootstrap_servers})
    for value in values:
        producer.produce(TRIPS_TOPIC, value=value, timestamp=timestamp_ms)
    assert producer.flush(30) == 0


def move_event_clock(platform: Platform, clock: datetime) -> None:
    """Put a progress marker on every partition: all trips before this clock are there."""
    producer = Producer({"bootstrap.servers": platform.endpoints.kafka_bootstrap_servers})
    for partition in range(DEFAULT_PARTITIONS):
        producer.produce(TRIPS_TOPIC, None, trip.PROGRESS_MARKER_KEY, partition, timestamp=millis(clock))
    assert producer.flush(30) == 0


def _without_logical_clocks(record: dict[str, Any]) -> dict[str, Any]:
    """Plain longs for clocks, so that a test can write years that no calendar has."""
    text = json.dumps(record).replace('{"type": "long", "logicalType": "local-timestamp-millis"}', '"long"')
    plain: dict[str, Any] = json.loads(text)
    return plain
