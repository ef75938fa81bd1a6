"""A processed history as the Spark backfill writes it, made by the tests' own SQL."""

from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from shutil import rmtree

import duckdb

from schemas.processed import TABLES, TRIPS, ZONE_FARES_15M, ProcessedTable

Rows = duckdb.DuckDBPyRelation

_file_numbers = count()


@dataclass(frozen=True)
class ProcessedFiles:
    """The folder `PROCESSED_DATA`."""

    folder: Path

    def replace(self, taxi_type: str, month: str, trips: Rows, fares: Rows) -> None:
        """Write a month whole; what was there before is gone."""
        self.remove(taxi_type, month)
        seconds = "date_diff('second', pickup_at, dropoff_at) as trip_duration_seconds"
        self._write(TRIPS, trips.select(f"*, {seconds}"), taxi_type, month)
        self._write(ZONE_FARES_15M, fares, taxi_type, month)

    def remove(self, taxi_type: str, month: str) -> None:
        """Remove a month, if it is there."""
        for table in TABLES:
            rmtree(self._folder(table, taxi_type, month), ignore_errors=True)

    def files(self, month: str) -> list[Path]:
        """The files of a month of any type and table."""
        year, number = month.split("-")
        return sorted(self.folder.glob(f"*/*/year={year}/month={number}/*.parquet"))

    def _write(self, table: ProcessedTable, rows: Rows, taxi_type: str, month: str) -> None:
        folder = self._folder(table, taxi_type, month)
        folder.mkdir(parents=True)
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in table.columns)
        file = folder / f"part-{next(_file_numbers)}.parquet"
        ordered = rows.select(columns).order(table.sorted_by)
        ordered.write_parquet(str(file), compression=table.compression)

    def _folder(self, table: ProcessedTable, taxi_type: str, month: str) -> Path:
        return self.folder / table.folder(taxi_type, date.fromisoformat(f"{month}-01"))
