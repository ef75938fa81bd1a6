"""Our tables and queries in Postgres."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from stack.console import console
from stack.errors import UserError
from stack.settings import ROOT

DDL_FOLDER = ROOT / "schemas" / "postgres"
ZONES_FILE = ROOT / "dbt" / "seeds" / "taxi_zones.csv"

UPSERT_ZONE = """
insert into taxi.zones (zone_id, zone_name, borough, service_zone)
values (%(zone_id)s, %(zone_name)s, %(borough)s, %(service_zone)s)
on conflict (zone_id) do update
set zone_name = excluded.zone_name, borough = excluded.borough, service_zone = excluded.service_zone
"""


@dataclass(frozen=True)
class Rows:
    """What a statement answered; `columns` is empty for one that answers no rows."""

    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    status: str


def server_version(dsn: str) -> str:
    """Ask the server something; raises when it does not answer."""
    with psycopg.connect(dsn, connect_timeout=5, autocommit=True) as connection:
        connection.execute("select 1")
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def set_up(maintenance_dsn: str, dsn: str, database: str) -> None:
    """Bring the database, our tables and the zones into being; harmless when they are."""
    with psycopg.connect(maintenance_dsn, autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    set_up_tables(dsn)


def set_up_tables(dsn: str) -> None:
    """Bring our tables and the zones into being, and those of an earlier version up to date."""
    with psycopg.connect(dsn) as connection:
        connection.add_notice_handler(_print_notice)
        for path in sorted(DDL_FOLDER.glob("*.sql")):
            _apply(connection, path)
        if ZONES_FILE.exists():
            _load_zones(connection, ZONES_FILE)


def query(dsn: str, text: str, parameters: Mapping[str, object] | None = None) -> Rows:
    """Run what a person typed, or our own text with parameters; raises UserError with Postgres' own words."""
    try:
        with psycopg.connect(dsn, connect_timeout=5) as connection:
            # Without parameters no placeholder is looked for, so a `%` in a LIKE is just that.
            cursor = connection.execute(text.encode(), parameters)
            columns = [column.name for column in cursor.description or ()]
            return Rows(columns, cursor.fetchall() if columns else [], cursor.statusmessage or "")
    except psycopg.Error as error:
        raise UserError(f"Postgres says: {_first_line(error)}") from error


def _apply(connection: psycopg.Connection[tuple[Any, ...]], path: Path) -> None:
    try:
        connection.execute(path.read_bytes())
    except psycopg.Error as error:
        raise UserError(
            f"{path.relative_to(ROOT)} does not apply: {_first_line(error)}", "mend the file"
        ) from error


def _print_notice(notice: psycopg.errors.Diagnostic) -> None:
    # Postgres itself gives notice of all that is there already; what our files say has no such code.
    if notice.sqlstate == "00000":
        console().print(notice.message_primary, style="yellow", soft_wrap=True)


def _load_zones(connection: psycopg.Connection[tuple[Any, ...]], path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as stream, connection.cursor() as cursor:
        cursor.executemany(UPSERT_ZONE, list(csv.DictReader(stream)))


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
