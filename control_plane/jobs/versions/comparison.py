"""Compares the rows of two table sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from rich import box
from rich.table import Table

from control_plane.sink.ddl import Connection

KEYS = {
    "zone_fares_15m": ("taxi_type", "pickup_zone_id", "window_end"),
    "trips": ("trip_id", "dropoff_at"),
    "quarantined_trips": ("trip_id",),
    "late_trips": ("trip_id",),
    "dead_letters": ("topic", "partition", "kafka_offset"),
}
"""The served tables, and the key columns of their rows."""

NOT_THE_JOBS = frozenset({"redriven_at"})
"""Columns that user commands write, not the job."""

COLUMNS = """
select attname, format_type(atttypid, atttypmod) from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
order by attnum
"""
COUNTS = """
select
    count(*) filter (where in_old and in_new and old_row = new_row),
    count(*) filter (where in_new is null),
    count(*) filter (where in_old is null),
    count(*) filter (where in_old and in_new and old_row <> new_row)
from (select {keys}, row({values}) as old_row, true as in_old from {old}) as old_rows
full join (select {keys}, row({values}) as new_row, true as in_new from {new}) as new_rows using ({keys})
"""


@dataclass(frozen=True)
class Difference:
    """The numbers of a table's rows that are equal, in one set only, or different under the same key."""

    table: str
    equal: int = 0
    only_old: int = 0
    only_new: int = 0
    different: int = 0
    other_columns: tuple[str, ...] = ()
    """Columns that only one set has, or that differ in type: these are not compared."""


def compare(dsn: str, old: str, new: str) -> list[Difference]:
    """Compare the rows of both sets in one snapshot."""
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return [_difference(connection, old, new, table) for table in KEYS]


def as_table(differences: Sequence[Difference], old: str, new: str) -> Table:
    """Format the comparison for display."""
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("", no_wrap=True)
    for column in ("equal", f"only in {old}", f"only in {new}", "different"):
        table.add_column(column, justify="right")
    for one in differences:
        counts = (one.equal, one.only_old, one.only_new, one.different)
        left_out = f" (without {', '.join(one.other_columns)})" if one.other_columns else ""
        table.add_row(one.table + left_out, *(f"{count:,}" for count in counts))
    return table


def _difference(connection: Connection, old: str, new: str, table: str) -> Difference:
    ours, theirs = (_columns(connection, f"{table_set}.{table}") for table_set in (old, new))
    shared = [name for name in ours if ours[name] == theirs.get(name)]
    others = tuple(sorted({*ours, *theirs} - {*shared} - NOT_THE_JOBS))
    if not {*KEYS[table]} <= {*shared}:
        return Difference(table, other_columns=others)
    values = [name for name in shared if name not in {*KEYS[table], *NOT_THE_JOBS}]
    query = sql.SQL(COUNTS).format(
        keys=_list(KEYS[table]),
        values=_list(values),
        old=sql.Identifier(old, table),
        new=sql.Identifier(new, table),
    )
    ((equal, only_old, only_new, different),) = connection.execute(query).fetchall()
    return Difference(table, equal, only_old, only_new, different, others)


def _columns(connection: Connection, relation: str) -> Mapping[str, str]:
    return dict(connection.execute(COLUMNS, [relation]).fetchall())


def _list(names: Sequence[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))
