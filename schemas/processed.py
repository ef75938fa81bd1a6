"""The processed history: written as Parquet by the Spark backfill, read by dbt through DuckDB.

Layout: `trips/taxi_type=green/year=2023/month=12/*.parquet` below the folder or s3:// prefix
`PROCESSED_DATA`, and likewise for the other tables. Year and month are those of the TLC's file. A folder is
replaced as a whole, by files with new names: a changed month shows in the names, sizes and times of its
files.
"""

from dataclasses import dataclass
from datetime import date

from schemas.trip_columns import current_columns

SETTING = "PROCESSED_DATA"
"""Environment variable that names the folder or prefix."""

NOTE = "_MONTH.json"
"""File next to a month's windows, which are published last: the month's inputs and its result."""

STAGING = "_staging"
"""Months that are not published yet, or only in part; a folder each."""

PARTITION_COLUMNS = ("taxi_type", "year", "month")
"""Columns that are in the folder names, not in the files."""


def partition(taxi_type: str, month: date) -> str:
    """Return the folder of a month below that of a table, or of the raw months."""
    values = (taxi_type, f"{month:%Y}", f"{month:%m}")
    return "/".join(f"{name}={value}" for name, value in zip(PARTITION_COLUMNS, values, strict=True))


@dataclass(frozen=True)
class ProcessedTable:
    """One table of the history; types are Parquet's, named as in DuckDB."""

    name: str
    columns: tuple[tuple[str, str], ...]
    sorted_by: str
    compression: str = "zstd"

    def folder(self, taxi_type: str, month: date) -> str:
        """Return the folder of a month's files, relative to the history."""
        return f"{self.name}/{partition(taxi_type, month)}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of a file, in order."""
        return tuple(name for name, _ in self.columns)


TRIPS = ProcessedTable(
    name="trips",
    # The columns of taxi.trips without taxi_type, which is a folder, and on_time, which only a stream can
    # know. Clocks are in New York time, not adjusted to UTC.
    columns=(
        *((column.name, column.types.parquet) for column in current_columns() if column.name != "taxi_type"),
        ("trip_duration_seconds", "integer"),
    ),
    sorted_by="dropoff_at",
)

QUARANTINED = ProcessedTable(
    name="quarantined",
    # The columns of taxi.quarantined_trips without taxi_type, which is a folder, and those that only a topic
    # has.
    columns=(
        ("trip_id", "varchar"),
        ("rules", "varchar[]"),  # in the order of schemas/rules.py
        ("source_file", "varchar"),
        ("source_month", "date"),
        ("pickup_at", "timestamp"),
        ("dropoff_at", "timestamp"),
        ("pickup_zone_id", "integer"),
        ("dropoff_zone_id", "integer"),
        ("trip_distance", "double"),
        ("fare_amount_cents", "bigint"),
        ("total_amount_cents", "bigint"),
    ),
    sorted_by="trip_id",
)

ZONE_FARES_15M = ProcessedTable(
    name="zone_fares_15m",
    # A month's files hold the windows of that month's trips. A window around the turn of a month is in both
    # folders, each time with the trips of that month's file only; readers add the two.
    columns=(
        ("pickup_zone_id", "integer"),
        ("window_start", "timestamp"),
        ("window_end", "timestamp"),
        ("trips", "bigint"),
        ("total_amount_cents", "bigint"),
        ("avg_total_amount", "decimal(12,4)"),
    ),
    sorted_by="window_end",
)

TABLES = (TRIPS, QUARANTINED, ZONE_FARES_15M)
"""The tables, in the order in which they are published."""


def staging_folder(taxi_type: str, month: date) -> str:
    """Return the folder in which a month is written before it is published, relative to the history."""
    return f"{STAGING}/{taxi_type}-{month:%Y-%m}"


def note_path(taxi_type: str, month: date) -> str:
    """Return the path of a month's note, relative to the history."""
    return f"{ZONE_FARES_15M.folder(taxi_type, month)}/{NOTE}"
