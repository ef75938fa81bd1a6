"""The TLC's column names over the years, and how they were stored, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from schemas.errors import UserError


class Kind(StrEnum):
    """The meaning of a column, regardless of the type in which a vintage stored it."""

    CLOCK = "clock"
    WRITTEN_CLOCK = "clock or a text like 2009-01-31 08:00:00"
    WHOLE = "whole number"
    PAYMENT_CODE = "code of a payment"
    VENDOR_CODE = "code of a vendor"
    LICENCE = "licence like HV0003"
    AMOUNT = "amount"
    DEGREES = "longitude or latitude"
    TEXT = "text"
    FLAG = "flag"
    FLAG_CODE = "code of a flag"


CLOCKS = (Kind.CLOCK, Kind.WRITTEN_CLOCK)
NUMBERS_IN_TEXT = (Kind.WHOLE, Kind.AMOUNT, Kind.DEGREES)
"""Kinds that a CSV holds as the text of a number, and of nothing else."""

NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("FLOAT", "DOUBLE", "DECIMAL"),
)
TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")

STORED_AS: Mapping[Kind, tuple[str, ...]] = {
    Kind.CLOCK: TIMESTAMPS,
    Kind.WRITTEN_CLOCK: (*TIMESTAMPS, "VARCHAR"),
    Kind.WHOLE: NUMBERS,
    Kind.PAYMENT_CODE: (*NUMBERS, "VARCHAR"),
    Kind.VENDOR_CODE: (*NUMBERS, "VARCHAR"),
    Kind.LICENCE: ("VARCHAR",),
    Kind.AMOUNT: NUMBERS,
    Kind.DEGREES: NUMBERS,
    Kind.TEXT: ("VARCHAR",),
    Kind.FLAG: (*NUMBERS, "VARCHAR", "BOOLEAN"),
    Kind.FLAG_CODE: (*NUMBERS, "VARCHAR", "BOOLEAN"),
}
"""DuckDB types by which a Parquet file may store each kind; a column of Arrow's null type fits all."""

FLAGS = {
    **dict.fromkeys(("0", "0.0", "false"), "N"),
    **dict.fromkeys(("1", "1.0", "true"), "Y"),
}
"""Texts of flags, including the booleans that pandas makes of Y and N."""

CODES: Mapping[Kind, Mapping[str, str]] = {
    Kind.PAYMENT_CODE: {
        **dict.fromkeys(("crd", "cre", "credit", "credit card"), "1"),
        **dict.fromkeys(("csh", "cas", "cash"), "2"),
        **dict.fromkeys(("noc", "no", "no charge"), "3"),
        **dict.fromkeys(("dis", "dispute"), "4"),
        **dict.fromkeys(("unk", "unknown"), "5"),
    },
    Kind.VENDOR_CODE: {"cmt": "1", "vts": "2"},
    Kind.FLAG: FLAGS,
    Kind.FLAG_CODE: FLAGS,
}
"""Today's codes of the texts of 2009 to 2014, in lower case, by the TLC's data dictionary of yellow trips.

payment_type: 1 credit card, 2 cash, 3 no charge, 4 dispute, 5 unknown. VendorID: 1 Creative Mobile
Technologies (CMT), 2 VeriFone (VTS). store_and_fwd_flag: Y and N. A payment or vendor without a code there,
such as DDS, is null.
"""

TRANSLATED = (*(kind for kind in CODES if kind is not Kind.FLAG), Kind.WRITTEN_CLOCK, Kind.LICENCE)
"""Kinds that have a different form today."""


@dataclass(frozen=True)
class Spelling:
    """A name that a column has had, in lower case and stripped, and what it held then.

    `requires_any` limits it to files that have one of these columns too.
    """

    name: str
    kind: Kind
    requires_any: tuple[str, ...] = ()


Names = tuple[str | Spelling, ...]


@dataclass(frozen=True)
class SourceColumn:
    """A column that the queries read, and the names it has had; a taxi type without names never has it.

    `instead` names columns from which it can be computed; `is_part` marks a column that only serves for that.
    """

    name: str
    kind: Kind
    yellow: Names = ()
    green: Names = ()
    fhvhv: Names = ()
    is_needed: bool = False
    instead: tuple[str, ...] = ()
    is_part: bool = False

    def spellings(self, taxi_type: str) -> tuple[Spelling, ...]:
        """Return the names in files of this taxi type, newest first."""
        names: Mapping[str, Names] = {"yellow": self.yellow, "green": self.green, "fhvhv": self.fhvhv}
        return tuple(
            name if isinstance(name, Spelling) else Spelling(name, self.kind) for name in names[taxi_type]
        )


def _taxis(name: str, spelling: str, kind: Kind = Kind.AMOUNT) -> SourceColumn:
    return SourceColumn(name, kind, yellow=(spelling,), green=(spelling,))


def _all(name: str, spelling: str, kind: Kind = Kind.AMOUNT) -> SourceColumn:
    return SourceColumn(name, kind, yellow=(spelling,), green=(spelling,), fhvhv=(spelling,))


def _part(name: str, kind: Kind, *, yellow: Names = (), green: Names = (), fhvhv: Names = ()) -> SourceColumn:
    return SourceColumn(name, kind, yellow, green, fhvhv, is_part=True)


TEXT_CODES = ("vendor_name", "vendor_id")
"""Columns of which one is in every yellow month whose codes are texts: 2009 to 2014."""

SOURCE_COLUMNS = (
    SourceColumn(
        "pickup_at",
        Kind.CLOCK,
        yellow=(
            "tpep_pickup_datetime",
            Spelling("pickup_datetime", Kind.WRITTEN_CLOCK),
            Spelling("trip_pickup_datetime", Kind.WRITTEN_CLOCK),
        ),
        green=("lpep_pickup_datetime",),
        fhvhv=("pickup_datetime",),
        is_needed=True,
    ),
    SourceColumn(
        "dropoff_at",
        Kind.CLOCK,
        yellow=(
            "tpep_dropoff_datetime",
            Spelling("dropoff_datetime", Kind.WRITTEN_CLOCK),
            Spelling("trip_dropoff_datetime", Kind.WRITTEN_CLOCK),
        ),
        green=("lpep_dropoff_datetime",),
        fhvhv=("dropoff_datetime",),
        is_needed=True,
    ),
    SourceColumn(
        "pickup_zone_id",
        Kind.WHOLE,
        yellow=("pulocationid",),
        green=("pulocationid",),
        fhvhv=("pulocationid",),
        is_needed=True,
        instead=("pickup_longitude", "pickup_latitude"),
    ),
    SourceColumn(
        "dropoff_zone_id",
        Kind.WHOLE,
        yellow=("dolocationid",),
        green=("dolocationid",),
        fhvhv=("dolocationid",),
        is_needed=True,
        instead=("dropoff_longitude", "dropoff_latitude"),
    ),
    SourceColumn(
        "trip_distance",
        Kind.AMOUNT,
        yellow=("trip_distance",),
        green=("trip_distance",),
        fhvhv=("trip_miles",),
        is_needed=True,
    ),
    SourceColumn(
        "fare_amount",
        Kind.AMOUNT,
        yellow=("fare_amount", "fare_amt"),
        green=("fare_amount",),
        fhvhv=("base_passenger_fare",),
        is_needed=True,
    ),
    SourceColumn(
        "total_amount",
        Kind.AMOUNT,
        yellow=("total_amount", "total_amt"),
        green=("total_amount",),
        is_needed=True,
        instead=("fare_amount",),
    ),
    SourceColumn(
        "vendor_id",
        Kind.WHOLE,
        yellow=("vendorid", *(Spelling(name, Kind.VENDOR_CODE) for name in TEXT_CODES)),
        green=("vendorid",),
        fhvhv=(Spelling("hvfhs_license_num", Kind.LICENCE),),
    ),
    _taxis("passenger_count", "passenger_count", Kind.WHOLE),
    SourceColumn("rate_code_id", Kind.WHOLE, yellow=("ratecodeid", "rate_code"), green=("ratecodeid",)),
    SourceColumn(
        "store_and_fwd_flag",
        Kind.FLAG,
        yellow=(
            Spelling("store_and_fwd_flag", Kind.FLAG_CODE, requires_any=TEXT_CODES),
            "store_and_fwd_flag",
            Spelling("store_and_forward", Kind.FLAG_CODE),
        ),
        green=("store_and_fwd_flag",),
    ),
    SourceColumn(
        "payment_type",
        Kind.WHOLE,
        yellow=(Spelling("payment_type", Kind.PAYMENT_CODE, requires_any=TEXT_CODES), "payment_type"),
        green=("payment_type",),
    ),
    SourceColumn("trip_type", Kind.WHOLE, green=("trip_type",)),
    SourceColumn(
        "extra", Kind.AMOUNT, yellow=("extra", "surcharge"), green=("extra",), instead=("bcf", "sales_tax")
    ),
    _taxis("mta_tax", "mta_tax"),
    SourceColumn(
        "tip_amount", Kind.AMOUNT, yellow=("tip_amount", "tip_amt"), green=("tip_amount",), fhvhv=("tips",)
    ),
    SourceColumn(
        "tolls_amount",
        Kind.AMOUNT,
        yellow=("tolls_amount", "tolls_amt"),
        green=("tolls_amount",),
        fhvhv=("tolls",),
    ),
    SourceColumn("ehail_fee", Kind.AMOUNT, green=("ehail_fee",)),
    _taxis("improvement_surcharge", "improvement_surcharge"),
    _all("congestion_surcharge", "congestion_surcharge"),
    SourceColumn("airport_fee", Kind.AMOUNT, yellow=("airport_fee",), fhvhv=("airport_fee",)),
    _all("cbd_congestion_fee", "cbd_congestion_fee"),
    _part("bcf", Kind.AMOUNT, fhvhv=("bcf",)),
    _part("sales_tax", Kind.AMOUNT, fhvhv=("sales_tax",)),
    _part(
        "pickup_longitude",
        Kind.DEGREES,
        yellow=("pickup_longitude", "start_lon"),
        green=("pickup_longitude",),
    ),
    _part(
        "pickup_latitude", Kind.DEGREES, yellow=("pickup_latitude", "start_lat"), green=("pickup_latitude",)
    ),
    _part(
        "dropoff_longitude",
        Kind.DEGREES,
        yellow=("dropoff_longitude", "end_lon"),
        green=("dropoff_longitude",),
    ),
    _part(
        "dropoff_latitude", Kind.DEGREES, yellow=("dropoff_latitude", "end_lat"), green=("dropoff_latitude",)
    ),
)

ZONE_COLUMNS = ("pickup_zone_id", "dropoff_zone_id")

READERS_COLUMNS = ("file_row", "file_row_number", "torn_row", "_metadata")
"""Columns that DuckDB's and Spark's readers add to those of the file."""

UNNAMED = "unnamed: "
INDEX_COLUMN = "__index_level_0__"
"""Row numbers that other tools leave in a file: they have no meaning and need no warning."""

UNUSED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "fhvhv": (
        *("dispatching_base_num", "originating_base_num", "request_datetime", "on_scene_datetime"),
        *("trip_time", "driver_pay", "shared_request_flag", "shared_match_flag", "access_a_ride_flag"),
        *("wav_request_flag", "wav_match_flag"),
    ),
}
"""Columns of the TLC for which the contract has no column: known, so they need no warning."""


@dataclass(frozen=True)
class RefusedVintage:
    """Columns that together mark a file that cannot be replayed, and the reason."""

    marks: tuple[str, ...]
    reason: str
    remedy: str


REFUSED_VINTAGES = (
    RefusedVintage(
        ("hvfhs_license_num", "sr_flag"),
        "is a CSV of high-volume trips (fhvhv) in the format until 2020, which has no fares",
        "use the Parquet file that the TLC publishes today: ./taxi fetch --taxi-type fhvhv",
    ),
    RefusedVintage(
        ("dispatching_base_num",),
        "contains for-hire trips of small bases (fhv), for which the TLC publishes no fares",
        "use yellow, green or fhvhv months",
    ),
    RefusedVintage(
        ("pickup_location_id",),
        "has columns that the TLC does not use: they were renamed",
        "fetch the TLC's original file with ./taxi fetch",
    ),
)


@dataclass(frozen=True)
class Layout:
    """Mapping of the contract's columns to one file.

    `found` has the names in the file, `read` their kinds, `computed` the columns to compute from others;
    `unused` columns are known but not in the contract, `ignored` ones are unknown.
    """

    found: Mapping[str, str]
    read: Mapping[str, Kind]
    computed: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """The contract's columns that this file lacks: null in every trip."""
        return tuple(
            name for name in CONTRACT_COLUMNS if name not in self.found and name not in self.computed
        )

    @property
    def zones_by_coordinates(self) -> tuple[str, ...]:
        """The zone columns that this file has only as longitude and latitude."""
        return tuple(name for name in ZONE_COLUMNS if name in self.computed)


class TlcFile(Protocol):
    """A file that holds a month, in any store."""

    @property
    def path(self) -> object:
        """The path as shown to users."""

    @property
    def taxi_type(self) -> str:
        """`yellow`, `green` or `fhvhv`."""

    @property
    def is_parquet(self) -> bool:
        """True for Parquet, false for CSV."""


CONTRACT_COLUMNS = tuple(column.name for column in SOURCE_COLUMNS if not column.is_part)


def resolve(columns: Mapping[str, str], file: TlcFile) -> Layout:
    """Match the columns of a file (name → DuckDB type); raises UserError when it cannot be replayed."""
    by_folded_name = {_folded(name): name for name in columns}
    spelled = {
        column.name: spelling
        for column in SOURCE_COLUMNS
        if (spelling := _spelling(column, by_folded_name, file.taxi_type))
    }
    computed = {
        column.name: column.instead
        for column in SOURCE_COLUMNS
        if column.name not in spelled and _can_be_computed(column, spelled, file.taxi_type)
    }
    _refuse_missing({*spelled, *computed}, by_folded_name, file)
    found = {name: by_folded_name[spelling.name] for name, spelling in spelled.items()}
    read = {name: spelling.kind for name, spelling in spelled.items()}
    if file.is_parquet:
        _refuse_wrong_types(found, read, columns, file)
    left = _left_over(columns, found)
    unused = tuple(name for name in left if _folded(name) in UNUSED_COLUMNS.get(file.taxi_type, ()))
    return Layout(found, read, computed, unused, tuple(name for name in left if name not in unused))


def refuse_repeated_names(names: Sequence[str], file: TlcFile) -> None:
    """Raise UserError where two column names differ only in case: it is unknown which of them counts.

    The same holds for a name that the readers give to a column of their own.
    """
    first: dict[str, str] = {}
    for name in names:
        folded = _folded(name)
        if folded in READERS_COLUMNS:
            raise UserError(
                f"{file.path}: has a column {name.strip()}, a name that is reserved for the reader",
                "rename or remove it, or take the month as the TLC publishes it (./taxi fetch)",
            )
        if folded and folded in first:
            both = " and ".join(dict.fromkeys((first[folded].strip(), name.strip())))
            raise UserError(
                f"{file.path}: has two columns of the same name ({both})",
                "keep the one with all values, or fetch the TLC's original file with ./taxi fetch",
            )
        first[folded] = name


def _spelling(column: SourceColumn, folded_names: Mapping[str, str], taxi_type: str) -> Spelling | None:
    for spelling in column.spellings(taxi_type):
        if spelling.name in folded_names and (
            not spelling.requires_any or any(name in folded_names for name in spelling.requires_any)
        ):
            return spelling
    return None


def _can_be_computed(column: SourceColumn, spelled: Mapping[str, Spelling], taxi_type: str) -> bool:
    """Return whether the file's other columns suffice; sums only where the taxi type never has the column."""
    if column.kind is Kind.AMOUNT:
        return not column.spellings(taxi_type) and any(name in spelled for name in column.instead)
    return bool(column.instead) and all(name in spelled for name in column.instead)


def _left_over(columns: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    used = set(found.values())
    return [
        name
        for name in columns
        if name not in used and _folded(name) != INDEX_COLUMN and not _folded(name).startswith(UNNAMED)
    ]


def _refuse_missing(there: set[str], by_folded_name: Mapping[str, str], file: TlcFile) -> None:
    missing = [column for column in SOURCE_COLUMNS if column.is_needed and column.name not in there]
    if not missing:
        return
    for vintage in REFUSED_VINTAGES:
        if by_folded_name.keys() >= set(vintage.marks):
            raise UserError(f"{file.path}: {vintage.reason}", vintage.remedy)
    names = ", ".join(
        "/".join(dict.fromkeys(spelling.name for spelling in column.spellings(file.taxi_type)))
        for column in missing
    )
    raise UserError(
        f"{file.path}: required columns are missing: {names}",
        f"check that this is a {file.taxi_type} month from the TLC",
    )


def _refuse_wrong_types(
    found: Mapping[str, str], read: Mapping[str, Kind], columns: Mapping[str, str], file: TlcFile
) -> None:
    for name, original in found.items():
        stored = columns[original]
        family = stored.split("(")[0].strip('"')
        if family not in (*STORED_AS[read[name]], "NULL"):
            raise UserError(
                f"{file.path}: column {original} is stored as {stored}, not as a {read[name]}",
                "fetch the TLC's original file with ./taxi fetch",
            )


def _folded(name: str) -> str:
    return name.strip().lower()
