"""The live tables, filled with the oracle's rows as the stream would have filled them."""

from pathlib import Path
from typing import Any

import duckdb
import psycopg

from tests.oracle.oracle import Oracle

Connection = psycopg.Connection[tuple[Any, ...]]


def add_month(connection: Connection, oracle: Oracle, folder: Path) -> None:
    """Add the accepted trips and the windows of a month, all on time."""
    insert(connection, "taxi.trips", oracle.valid_trips().select("*, true as on_time"), folder)
    insert(connection, "taxi.on_time_fares_15m", oracle.zone_fares_15m(), folder)


def insert(connection: Connection, table: str, rows: duckdb.DuckDBPyRelation, folder: Path) -> None:
    """Add rows by their columns' names; the table may be a view."""
    file = folder / "rows.csv"
    rows.write_csv(str(file), header=False)
    columns = ", ".join(rows.columns)
    connection.execute(f"create temporary table arriving as select {columns} from {table} limit 0")
    with file.open("rb") as stream, connection.cursor().copy("copy arriving from stdin (format csv)") as copy:
        while block := stream.read(1 << 20):
            copy.write(block)
    connection.execute(f"insert into {table} ({columns}) select {columns} from arriving")
    connection.execute("drop table arriving")
