"""Our tables in Postgres: what all share, and the table sets, one of which is served.

A job writes a table set, a schema of its own; the schema `taxi` shows the one that is served, by views. So
another version of a job can fill a set beside the served one; readers are switched over at once, and back.
"""

import csv
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from stack.console import console
from stack.errors import UserError
from stack.settings import ROOT

DDL_FOLDER = ROOT / "schemas" / "postgres"
ZONES_FILE = ROOT / "dbt" / "seeds" / "taxi_zones.csv"
FIRST_SET = "taxi_1"

RELATIONS = """
select relname from pg_class
where relnamespace = to_regnamespace(%s) and relkind = any(%s::"char"[])
order by relname
"""
TABLES, TABLES_AND_VIEWS = ["r", "p"], ["r", "p", "v"]
UPSERT_ZONE = """
insert into taxi.zones (zone_id, zone_name, borough, service_zone)
values (%(zone_id)s, %(zone_name)s, %(borough)s, %(service_zone)s)
on conflict (zone_id) do update
set zone_name = excluded.zone_name, borough = excluded.borough, service_zone = excluded.service_zone
"""
NEWEST_SWITCH = "select table_set from taxi.switches order by switched_at desc limit 1"

Connection = psycopg.Connection[tuple[Any, ...]]


def set_up(dsn: str, table_set: str = FIRST_SET) -> None:
    """Bring what is shared and a table set into being, or up to date; the first set is served."""
    with psycopg.connect(dsn) as connection:
        connection.add_notice_handler(_print_notice)
        for path in (DDL_FOLDER / "earlier_versions.sql", *_sql_files("shared")):
            _apply(connection, path)
        _load_zones(connection, ZONES_FILE)
        make_set(connection, table_set)
        shown = served_by(connection)
        if not shown:
            connection.execute("insert into taxi.switches (table_set) values (%s)", [table_set])
        if shown in {"", table_set}:
            _show(connection, table_set)


def served(dsn: str) -> str:
    """The name of the table set that people read."""
    with psycopg.connect(dsn) as connection:
        return served_by(connection)


def serve(dsn: str, table_set: str) -> None:
    """Show another set to the readers of the schema `taxi`, all tables at once."""
    with psycopg.connect(dsn) as connection:
        _show(connection, table_set)
        connection.execute("insert into taxi.switches (table_set) values (%s)", [table_set])


def empty(dsn: str, table_set: str) -> None:
    """Remove every row of a set."""
    with psycopg.connect(dsn) as connection:
        tables = [sql.Identifier(table_set, name) for name in _relations(connection, table_set, TABLES)]
        connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(tables)))


def take_stock(dsn: str, table_set: str) -> None:
    """Have Postgres look at what was filled a moment ago: it plans badly for what it does not know."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in ("all_trips", "on_time_fares_15m"):
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table_set, name)))


def drop(dsn: str, table_set: str) -> None:
    """Remove a set that nobody reads; raises UserError for the one that is served."""
    with psycopg.connect(dsn) as connection:
        if served_by(connection) == table_set:
            raise UserError(f"{table_set} is what taxi.* shows", "serve another set first")
        for schema in (table_set, f"{table_set}_months"):
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def make_set(connection: Connection, table_set: str) -> None:
    """Bring a table set into being, or up to date."""
    name = sql.Identifier(table_set)
    connection.execute(sql.SQL("create schema if not exists {}").format(name))
    connection.execute(sql.SQL("set local search_path to {}").format(name))
    for path in _sql_files("table_set"):
        _apply(connection, path)
    connection.execute("set local search_path to default")


def _show(connection: Connection, table_set: str) -> None:
    for name in _relations(connection, table_set, TABLES_AND_VIEWS):
        view, table = sql.Identifier("taxi", name), sql.Identifier(table_set, name)
        connection.execute(sql.SQL("create or replace view {} as select * from {}").format(view, table))


def _relations(connection: Connection, schema: str, kinds: list[str]) -> list[str]:
    return [row[0] for row in connection.execute(RELATIONS, [schema, kinds]).fetchall()]


def served_by(connection: Connection) -> str:
    """The same, within a transaction; empty where no set was ever served."""
    row = connection.execute(NEWEST_SWITCH).fetchone()
    return str(row[0]) if row else ""


def _sql_files(folder: str) -> list[Path]:
    return sorted((DDL_FOLDER / folder).glob("*.sql"))


def _apply(connection: Connection, path: Path) -> None:
    try:
        connection.execute(path.read_bytes())
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(f"{path.relative_to(ROOT)} does not apply: {reason}", "mend the file") from error


def _print_notice(notice: psycopg.errors.Diagnostic) -> None:
    # Postgres itself gives notice of all that is there already; what our files say has no such code.
    if notice.sqlstate == "00000":
        console().print(notice.message_primary, style="yellow", soft_wrap=True)


def _load_zones(connection: Connection, path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as stream, connection.cursor() as cursor:
        cursor.executemany(UPSERT_ZONE, list(csv.DictReader(stream)))
