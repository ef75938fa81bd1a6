"""What the TLC called its columns over the years, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from producer.errors import UserError
from producer.months import MonthFile


class Kind(StrEnum):
    """What a column holds, whatever type a vintage stored it in."""

    CLOCK = "clock"
    WHOLE = "whole number"
    AMOUNT = "amount"
    TEXT = "text"


NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("FLOAT", "DOUBLE", "DECIMAL"),
)

STORED_AS: Mapping[Kind, tuple[str, ...]] = {
    Kind.CLOCK: ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    Kind.WHOLE: NUMBERS,
    Kind.AMOUNT: NUMBERS,
    Kind.TEXT: ("VARCHAR",),
}
"""DuckDB types by which a Parquet file may store each kind; a column of Arrow's null type fits all."""


@dataclass(frozen=True)
class SourceColumn:
    """A column that normalise.sql reads, and the names it had, in small letters and without outer spaces."""

    name: str
    kind: Kind
    yellow: tuple[str, ...] = ()
    green: tuple[str, ...] = ()
    is_needed: bool = False

    def spellings(self, taxi_type: str) -> tuple[str, ...]:
        """The names in files of this taxi type; none when such files never have the column."""
        return self.green if taxi_type == "green" else self.yellow


def _both(name: str, spelling: str, kind: Kind = Kind.AMOUNT, *, is_needed: bool = False) -> SourceColumn:
    return SourceColumn(name, kind, yellow=(spelling,), green=(spelling,), is_needed=is_needed)


SOURCE_COLUMNS = (
    SourceColumn(
        "pickup_at",
        Kind.CLOCK,
        yellow=("tpep_pickup_datetime",),
        green=("lpep_pickup_datetime",),
        is_needed=True,
    ),
    SourceColumn(
        "dropoff_at",
        Kind.CLOCK,
        yellow=("tpep_dropoff_datetime",),
        green=("lpep_dropoff_datetime",),
        is_needed=True,
    ),
    _both("pickup_zone_id", "pulocationid", Kind.WHOLE, is_needed=True),
    _both("dropoff_zone_id", "dolocationid", Kind.WHOLE, is_needed=True),
    _both("trip_distance", "trip_distance", is_needed=True),
    _both("fare_amount", "fare_amount", is_needed=True),
    _both("total_amount", "total_amount", is_needed=True),
    _both("vendor_id", "vendorid", Kind.WHOLE),
    _both("passenger_count", "passenger_count", Kind.WHOLE),
    _both("rate_code_id", "ratecodeid", Kind.WHOLE),
    _both("store_and_fwd_flag", "store_and_fwd_flag", Kind.TEXT),
    _both("payment_type", "payment_type", Kind.WHOLE),
    SourceColumn("trip_type", Kind.WHOLE, green=("trip_type",)),
    _both("extra", "extra"),
    _both("mta_tax", "mta_tax"),
    _both("tip_amount", "tip_amount"),
    _both("tolls_amount", "tolls_amount"),
    SourceColumn("ehail_fee", Kind.AMOUNT, green=("ehail_fee",)),
    _both("improvement_surcharge", "improvement_surcharge"),
    _both("congestion_surcharge", "congestion_surcharge"),
    SourceColumn("airport_fee", Kind.AMOUNT, yellow=("airport_fee",)),
    _both("cbd_congestion_fee", "cbd_congestion_fee"),
)

INDEX_COLUMNS = ("", "unnamed: 0", "__index_level_0__")
"""Row numbers that other people's tools leave in a file: they mean nothing and need no warning."""


@dataclass(frozen=True)
class RefusedVintage:
    """Columns that betray a file which cannot be replayed yet, and why."""

    marks: frozenset[str]
    reason: str
    remedy: str


REFUSED_VINTAGES = (
    RefusedVintage(
        frozenset({"start_lon", "pickup_longitude"}),
        "has longitude and latitude instead of taxi zones, as the TLC published before 2016-07",
        "replay a month from 2019 on",
    ),
    RefusedVintage(
        frozenset({"pickup_location_id", "pickup_datetime"}),
        "has columns that the TLC does not use: somebody renamed them",
        "take the month as the TLC publishes it (./taxi fetch)",
    ),
)


@dataclass(frozen=True)
class Layout:
    """Where the columns of the contract stand in one file."""

    found: Mapping[str, str]
    ignored: tuple[str, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Columns that this file does not have: null in every trip."""
        return tuple(column.name for column in SOURCE_COLUMNS if column.name not in self.found)


def resolve(columns: Mapping[str, str], month: MonthFile) -> Layout:
    """Match the columns of a file (name → DuckDB type); raises UserError when it cannot be replayed."""
    by_folded_name = {_folded(name): name for name in columns}
    found = {
        column.name: by_folded_name[spelling]
        for column in SOURCE_COLUMNS
        for spelling in column.spellings(month.taxi_type)
        if spelling in by_folded_name
    }
    _refuse_missing(found, by_folded_name, month)
    if month.is_parquet:
        _refuse_wrong_types(found, columns, month)
    known = set(found.values())
    ignored = tuple(name for name in columns if name not in known and _folded(name) not in INDEX_COLUMNS)
    return Layout(found, ignored)


def _refuse_missing(found: Mapping[str, str], by_folded_name: Mapping[str, str], month: MonthFile) -> None:
    missing = [column for column in SOURCE_COLUMNS if column.is_needed and column.name not in found]
    if not missing:
        return
    for vintage in REFUSED_VINTAGES:
        if vintage.marks & by_folded_name.keys():
            raise UserError(f"{month.path}: {vintage.reason}", vintage.remedy)
    names = ", ".join("/".join(column.spellings(month.taxi_type)) for column in missing)
    raise UserError(
        f"{month.path}: needed columns are missing: {names}",
        f"is this a {month.taxi_type} month as the TLC publishes it?",
    )


def _refuse_wrong_types(found: Mapping[str, str], columns: Mapping[str, str], month: MonthFile) -> None:
    for column in SOURCE_COLUMNS:
        stored = columns[found[column.name]] if column.name in found else "NULL"
        family = stored.split("(")[0].strip('"')
        if family not in (*STORED_AS[column.kind], "NULL"):
            raise UserError(
                f"{month.path}: column {found[column.name]} is stored as {stored}, not as a {column.kind}",
                "take the month as the TLC publishes it (./taxi fetch)",
            )


def _folded(name: str) -> str:
    return name.strip().lower()
