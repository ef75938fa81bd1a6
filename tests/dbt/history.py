"""A processed history as the Spark backfill writes it, made from real months by the oracle's SQL."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from schemas.processed import TRIPS, ZONE_FARES_15M, ProcessedTable
from tests.oracle.oracle import Oracle


@dataclass(frozen=True)
class History:
    """The folder `PROCESSED_DATA`."""

    folder: Path

    def add(self, oracle: Oracle, taxi_type: str, month: str) -> None:
        """Write a month, or replace it, with the oracle's rows."""
        trips = oracle.valid_trips().select(
            "* replace (trip_id::varchar as trip_id),"
            " date_diff('second', pickup_at, dropoff_at)::integer as trip_duration_seconds"
        )
        self.write(TRIPS, trips, taxi_type, month)
        self.write(ZONE_FARES_15M, oracle.zone_fares_15m(), taxi_type, month)

    def write(self, table: ProcessedTable, rows: duckdb.DuckDBPyRelation, taxi_type: str, month: str) -> None:
        """Write one table's month; other rows under the same name are replaced."""
        folder = self.folder / table.folder(taxi_type, date.fromisoformat(f"{month}-01"))
        folder.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in table.columns)
        rows.select(columns).order(table.sorted_by).write_parquet(
            str(folder / "part-0.parquet"), compression=table.compression
        )
