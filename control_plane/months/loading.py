"""Loads processed months into the run's own schema in Postgres, where they are compared and published."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from producer.fetching.object_store import ObjectStore
from producer.reading.queries import duckdb_path, quoted_text
from schemas.processed import QUARANTINED, TRIPS, ZONE_FARES_15M, ProcessedTable
from schemas.tlc_month import TlcMonth

# Column names are those of the served tables, whose types Postgres copies.
LIKE = {"trips": "trips", "quarantined_trips": "quarantined_trips", "month_fares": "zone_fares_15m"}
FILLED = {TRIPS: "trips", QUARANTINED: "quarantined_trips", ZONE_FARES_15M: "month_fares"}
FARES = """
create view {schema}.zone_fares_15m as
select
    taxi_type, pickup_zone_id, window_start, window_end,
    sum(trips)::bigint as trips, sum(total_amount_cents)::bigint as total_amount_cents
from {schema}.month_fares
group by taxi_type, pickup_zone_id, window_start, window_end
"""
BLOCK_BYTES = 1 << 20

Connection = psycopg.Connection[Any]


def load(dsn: str, schema: str, processed: ObjectStore, months: Sequence[TlcMonth]) -> None:
    """Fill the schema with these months atomically; previous rows are removed."""
    with psycopg.connect(dsn) as connection, tempfile.TemporaryDirectory() as folder:
        _make(connection, schema)
        for month in months:
            for table, name in FILLED.items():
                rows, served = Path(folder) / "rows.csv", _columns(connection, schema, name)
                with processed.local_copy(table.folder(month.taxi_type, month.first_day)) as files:
                    columns = _write_rows(table, month, files, rows, served)
                _copy(connection, sql.Identifier(schema, name), columns, rows)
        for name in LIKE:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, name)))


def _make(connection: Connection, schema: str) -> None:
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
    connection.execute(sql.SQL("create schema {}").format(name))
    for table, like in LIKE.items():
        make = sql.SQL("create table {} (like {})")
        connection.execute(make.format(sql.Identifier(schema, table), sql.Identifier("taxi", like)))
    connection.execute(sql.SQL(FARES).format(schema=name))


def _columns(connection: Connection, schema: str, table: str) -> set[str]:
    text = "select column_name from information_schema.columns where (table_schema, table_name) = (%s, %s)"
    return {str(name) for (name,) in connection.execute(text, [schema, table]).fetchall()}


def _write_rows(
    table: ProcessedTable, month: TlcMonth, folder: Path, target: Path, served: set[str]
) -> list[str]:
    """Write a month's rows as CSV; return the names of their columns: those both served and in the files.

    Files of an earlier version lack the columns that were added to the contract since.
    """
    files = f"{duckdb_path(folder)}/*.parquet"
    with duckdb.connect() as connection:
        written = connection.read_parquet(files, hive_partitioning=False).columns
        columns = [(name, kind) for name, kind in table.columns if name in served and name in written]
        wanted = ", ".join([f"'{month.taxi_type}'", *(_as_text(name, kind) for name, kind in columns)])
        connection.execute(
            f"copy (select {wanted} from read_parquet($files, hive_partitioning = false))"  # noqa: S608
            f" to '{quoted_text(str(target))}' (format csv, header false, nullstr '\\N')",
            {"files": files},
        )
    return ["taxi_type", *(name for name, _ in columns)]


def _as_text(name: str, kind: str) -> str:
    """Format a list as a Postgres array; the names of rules need no quotes."""
    return f"'{{' || array_to_string({name}, ',') || '}}' as {name}" if kind.endswith("[]") else name


def _copy(connection: Connection, table: sql.Identifier, columns: Sequence[str], rows: Path) -> None:
    text = sql.SQL("copy {} ({}) from stdin (format csv, null '\\N')")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor().copy(text.format(table, names)) as stream, rows.open("rb") as source:
        while block := source.read(BLOCK_BYTES):
            stream.write(block)
