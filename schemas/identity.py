"""The identity of a trip: the same ride gets the same `trip_id` in every engine and on every run."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5

IDENTITY_COLUMNS = (
    "taxi_type",
    "pickup_at",
    "dropoff_at",
    "pickup_zone_id",
    "dropoff_zone_id",
    "trip_distance_hundredths",
    "fare_amount_cents",
    "total_amount_cents",
)
"""Columns that identify a ride. `VendorID` is left out because the TLC re-issues months with it corrected."""


@dataclass(frozen=True)
class TripIdentity:
    """The identifying values of a ride; `ordinal` counts from 0 the rows of a file with the same values."""

    taxi_type: str
    pickup_at: datetime | None
    dropoff_at: datetime | None
    pickup_zone_id: int | None
    dropoff_zone_id: int | None
    trip_distance_hundredths: int | None
    fare_amount_cents: int | None
    total_amount_cents: int | None
    ordinal: int = 0

    def text(self) -> str:
        """Return the canonical text: values in order, joined by `|`.

        Nulls are empty, clocks have the form `YYYY-MM-DD HH:MM:SS`.
        """
        values = [getattr(self, column) for column in (*IDENTITY_COLUMNS, "ordinal")]
        return "|".join(_text(value) for value in values)

    def trip_id(self) -> str:
        """Return the MD5 of the canonical text as a UUID: in 10^15 trips, no collision is to be expected."""
        return str(uuid.UUID(md5(self.text().encode(), usedforsecurity=False).hexdigest()))


def identity_text_sql() -> str:
    """Return SQL for the canonical text without its ordinal, clocks to the second; for DuckDB and Spark."""
    return " || '|' || ".join(f"coalesce(cast({column} as string), '')" for column in IDENTITY_COLUMNS)


def _text(value: object) -> str:
    """Format a value; cut clocks to the second, as the TLC publishes them, even if an engine has more."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)
