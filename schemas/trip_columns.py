"""The columns of a trip, as the Avro contract declares them, and their types in each engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas import trip
from schemas.identity import IDENTITY_COLUMNS
from schemas.rules import NEEDED_COLUMNS
from schemas.tlc_month import FIRST_MONTH, TAXI_TYPES


@dataclass(frozen=True)
class SqlTypes:
    """One type in the engines that carry trips; `parquet` is DuckDB's name for it."""

    flink: str
    postgres: str
    parquet: str


SQL_TYPES = {
    "uuid": SqlTypes("string", "uuid", "varchar"),  # Flink and Spark have no UUID type
    "string": SqlTypes("string", "text", "varchar"),
    "date": SqlTypes("date", "date", "date"),
    "local-timestamp-millis": SqlTypes("timestamp(3)", "timestamp", "timestamp"),
    "int": SqlTypes("int", "integer", "integer"),
    "double": SqlTypes("double", "double precision", "double"),
    "long": SqlTypes("bigint", "bigint", "bigint"),
}
"""Types by Avro type, or by logical type where there is one."""


LONGEST_TEXT = 255
"""Maximum length of a text: several are keys or indexed, and index entries are limited to 2,704 bytes."""

ALLOWED_TEXTS: Mapping[str, Sequence[str]] = {"taxi_type": TAXI_TYPES}
"""Columns with a fixed set of values: state and labels keyed by them must not grow without limit."""

DATE_RANGES = {"source_month": (min(FIRST_MONTH.values()), date(2099, 12, 1))}
"""First and last value of a date.

A valid trip's clocks follow its month, and its windows must stay within the years that every client can read.
"""


@dataclass(frozen=True)
class TripColumn:
    """A column of the contract."""

    name: str
    avro_type: str
    is_required: bool

    def __post_init__(self) -> None:
        if self.avro_type not in SQL_TYPES:
            raise ValueError(
                f"column {self.name}: the Avro type {self.avro_type} has no SQL type;"
                f" use one of {', '.join(SQL_TYPES)}, or add it to SQL_TYPES"
            )

    @property
    def types(self) -> SqlTypes:
        """Its type in each engine."""
        return SQL_TYPES[self.avro_type]

    @property
    def is_in_every_valid_trip(self) -> bool:
        """True if a trip without it breaks a rule, or could not be written at all."""
        return self.is_required or self.name in NEEDED_COLUMNS

    @property
    def identifies(self) -> bool:
        """True if two records of one trip always have the same value here."""
        return self.name in {"trip_id", *IDENTITY_COLUMNS}


def columns_of(schema: trip.TripSchema) -> tuple[TripColumn, ...]:
    """Return the columns of one version, in wire order; ValueError for a type that no engine stores."""
    return tuple(_column(field) for field in schema.record["fields"])


def current_columns() -> tuple[TripColumn, ...]:
    """Return the columns of the newest version: those of every table."""
    return columns_of(trip.current())


def _column(field: dict[str, Any]) -> TripColumn:
    """Parse a field; an optional one is a union with null."""
    branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
    (kind,) = (branch for branch in branches if branch != "null")
    avro_type = kind["logicalType"] if isinstance(kind, dict) else kind
    return TripColumn(field["name"], str(avro_type), is_required="null" not in branches)
