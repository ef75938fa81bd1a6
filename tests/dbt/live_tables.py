"""The live tables, filled as the stream would have filled them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from control_plane.sink import table_sets as tables

Rows = duckdb.DuckDBPyRelation
Connection = psycopg.Connection[tuple[Any, ...]]

STORED = "taxi_type, pickup_zone_id, window_end, trips, total_amount_cents"


@dataclass(frozen=True)
class LiveTables:
    """The schema `taxi` of a stack's Postgres."""

    dsn: str
    folder: Path

    def empty(self) -> None:
        """Remove every trip, every window and every mart."""
        tables.empty(self.dsn, tables.served(self.dsn))
        with psycopg.connect(self.dsn) as connection:
            connection.execute("drop schema if exists marts, marts_staging cascade")

    def hold(self, trips: Rows, fares: Rows) -> None:
        """Hold these trips and windows, all on time, instead of those before."""
        tables.empty(self.dsn, tables.served(self.dsn))
        with psycopg.connect(self.dsn) as connection:
            self._insert(connection, "taxi.trips", trips.select("*, true as on_time"))
            self._insert(connection, "taxi_internal.on_time_windows", fares.select(STORED))

    def _insert(self, connection: Connection, table: str, rows: Rows) -> None:
        """Add rows by their columns' names; the table may be a view, which `copy` cannot write."""
        file = self.folder / "rows.csv"
        rows.write_csv(str(file), header=False)
        columns = ", ".join(rows.columns)
        arriving = f"create temporary table arriving as select {columns} from {table} limit 0"
        connection.execute(arriving.encode())
        copying = connection.cursor().copy("copy arriving from stdin (format csv)")
        with file.open("rb") as stream, copying as blocks:
            while block := stream.read(1 << 20):
                blocks.write(block)
        connection.execute(f"insert into {table} ({columns}) select {columns} from arriving".encode())
        connection.execute("drop table arriving")
