"""Decode of a trip what the windows need, for the programs in Python; as TripReader.java does."""

import io
import json
from datetime import date
from typing import Any

import fastavro

from bench.peer_programs.trip_schema import READERS_SCHEMA, without_logical_types

HEADER_BYTES = 5
DAY_MS = 86_400_000
Trip = tuple[int, int, int]
"""Zone, drop-off in milliseconds, cents."""


class TripDecoder:
    """Decodes records of one writer's schema."""

    def __init__(self, writers_schema: str) -> None:
        self._writer = fastavro.parse_schema(without_logical_types(json.loads(writers_schema)))
        self._reader = fastavro.parse_schema(READERS_SCHEMA)
        self._months: dict[int, tuple[int, int]] = {}

    def decode(self, value: bytes) -> Trip | None:
        """Return a valid trip, otherwise None."""
        record = io.BytesIO(value)
        record.seek(HEADER_BYTES)
        found: Any = fastavro.schemaless_reader(record, self._writer, self._reader)
        pickup, dropoff = found["pickup_at"], found["dropoff_at"]
        zone, cents = found["pickup_zone_id"], found["total_amount_cents"]
        if None in (pickup, dropoff, zone, cents):
            return None
        first, last = self._month(found["source_month"])
        is_valid = (
            pickup < dropoff <= pickup + DAY_MS
            and first <= pickup < last
            and 1 <= zone <= 265
            and 0 < cents <= 100_000
        )
        return (zone, dropoff, cents) if is_valid else None

    def _month(self, day: int) -> tuple[int, int]:
        """Return the bounds of the pick-ups in a month, given by the day number of its first day."""
        if day not in self._months:
            month = date.fromordinal(date(1970, 1, 1).toordinal() + day)
            after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            self._months[day] = (day - 1) * DAY_MS, (day + (after - month).days + 1) * DAY_MS
        return self._months[day]
