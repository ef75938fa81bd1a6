"""Our tables in Postgres: the shared ones, and the table sets, one of which is served.

A job writes a table set, a schema of its own; the views of the schema `taxi` show the served one. So another
version of a job can fill a set next to the served one, and readers are switched over at once, and back.
"""

import csv
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import errors, sql

from control_plane.sink.comments import describe
from control_plane.sink.ddl import LOCK_ERRORS, Connection, Ddl, TablesInUseError, at_once, step_by_step
from control_plane.sink.views import TABLES, VIEWS, ViewSwitch, relations, show, show_one_set_only
from schemas.errors import UserError
from schemas.table_set import filled
from stack.console import console
from stack.settings import ROOT

DDL_FOLDER = ROOT / "schemas" / "postgres"
TABLE_SET_FOLDER = DDL_FOLDER / "table_set"
UNSERVED_RIGHTS = DDL_FOLDER / "unserved_rights.sql"
ZONES_FILE = ROOT / "dbt" / "seeds" / "taxi_zones.csv"
FIRST_SET = "taxi_1"
UPSERT_ZONE = """
insert into taxi.zones as known (zone_id, zone_name, borough, service_zone)
values (%(zone_id)s, %(zone_name)s, %(borough)s, %(service_zone)s)
on conflict (zone_id) do update
set zone_name = excluded.zone_name, borough = excluded.borough, service_zone = excluded.service_zone
where
    (known.zone_name, known.borough, known.service_zone)
    is distinct from (excluded.zone_name, excluded.borough, excluded.service_zone)
"""
SWITCHES = "select table_set, switched_at from taxi.switches order by switched_at desc"
NUMBERED_SETS = "select nspname from pg_namespace where nspname ~ '^taxi_[0-9]+$'"
BESIDE = "add --side-by-side to the command, to build another set"
CARRY_MARKS = """
update {new}.dead_letters as letters set redriven_at = earlier.redriven_at
from {old}.dead_letters as earlier
where
    (letters.topic, letters.partition, letters.kafka_offset)
    = (earlier.topic, earlier.partition, earlier.kafka_offset)
    and letters.redriven_at is null and earlier.redriven_at is not null
"""


class OtherTablesError(UserError):
    """A set has tables of another version, which the files of this one cannot change."""


@dataclass(frozen=True)
class TableSetSwitch:
    """The time from which a set is served."""

    table_set: str
    at: datetime


def set_up(dsn: str, table_set: str = "", folder: Path = TABLE_SET_FOLDER) -> None:
    """Create or update the shared tables and a table set; the first set is served.

    Without a name it is the first set, and only where none is served yet: a set belongs to the release that
    fills it, whose `folder` declares its tables.
    """

    def bring_up_to_date(ddl: Ddl) -> None:
        ddl.connection.add_notice_handler(_print_notice)
        for path in (DDL_FOLDER / "earlier_versions.sql", *_sql_files(DDL_FOLDER / "shared")):
            _apply(ddl, path, path.read_text("utf-8"))
        _load_zones(ddl.connection, ZONES_FILE)
        shown = served_by(ddl.connection)
        wanted = table_set or ("" if shown else FIRST_SET)
        if wanted:
            make_set(ddl, wanted, folder)
        if wanted and shown in {"", wanted}:
            show(ddl, wanted)
        elif shown:
            show_one_set_only(ddl, shown)
        if not shown:
            ddl.connection.execute("insert into taxi.switches (table_set) values (%s)", [wanted])
        describe(ddl)

    step_by_step(dsn, bring_up_to_date)


def set_up_unserved(dsn: str, table_set: str, folder: Path) -> None:
    """Create or update the tables of a job that `taxi.*` does not show."""

    def bring_up_to_date(ddl: Ddl) -> None:
        ddl.connection.add_notice_handler(_print_notice)
        make_set(ddl, table_set, folder)
        ddl.connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(table_set)))
        ddl.apply(UNSERVED_RIGHTS.read_text("utf-8"))

    step_by_step(dsn, bring_up_to_date)


def served(dsn: str) -> str:
    """Return the name of the served table set."""
    with psycopg.connect(dsn) as connection:
        return served_by(connection)


def switches(dsn: str) -> list[TableSetSwitch]:
    """List the switches between table sets, the newest first."""
    with psycopg.connect(dsn) as connection:
        return [TableSetSwitch(*row) for row in connection.execute(SWITCHES).fetchall()]


def numbered_sets(dsn: str) -> list[str]:
    """List the table sets of the versions of a job; not one that is still being created."""
    with psycopg.connect(dsn) as connection:
        return [str(row[0]) for row in connection.execute(NUMBERED_SETS).fetchall()]


def serve(dsn: str, table_set: str) -> None:
    """Serve another set in the schema `taxi`, all tables at once."""
    views = ViewSwitch(table_set)

    def switch(ddl: Ddl) -> None:
        _carry_marks(ddl.connection, served_by(ddl.connection), table_set)
        views.show(ddl)
        describe(ddl)
        ddl.connection.execute("insert into taxi.switches (table_set) values (%s)", [table_set])

    at_once(dsn, switch, views.prepare)
    _show_plainly(dsn, views)


def serve_only_first(dsn: str) -> None:
    """Serve the first set, recreated if missing, and delete the history of switches."""
    views = ViewSwitch(FIRST_SET)

    def start_over(ddl: Ddl) -> None:
        if served_by(ddl.connection) != FIRST_SET:
            make_set(ddl, FIRST_SET)
            views.show(ddl)
            describe(ddl)
        ddl.connection.execute("delete from taxi.switches")
        ddl.connection.execute("insert into taxi.switches (table_set) values (%s)", [FIRST_SET])

    at_once(dsn, start_over, views.prepare)
    _show_plainly(dsn, views)


def empty(dsn: str, table_set: str) -> None:
    """Delete every row of a set."""

    def truncate(ddl: Ddl) -> None:
        for name in relations(ddl.connection, table_set, TABLES):
            ddl.run(sql.SQL("truncate {}").format(sql.Identifier(table_set, name)).as_string(ddl.connection))

    step_by_step(dsn, truncate)


def take_stock(dsn: str, table_set: str) -> None:
    """Analyze the tables that were just filled: without statistics Postgres plans badly."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in ("all_trips", "on_time_windows"):
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table_set, name)))


def drop(dsn: str, table_set: str) -> None:
    """Drop a set that is not served; raises UserError for the served one."""

    def remove(ddl: Ddl) -> None:
        shown = served_by(ddl.connection)
        if shown == table_set:
            raise UserError(f"{table_set} is the table set that taxi.* shows", "serve another set first")
        if shown:
            show_one_set_only(ddl, shown)
        for schema in (table_set, f"{table_set}_months"):
            text = sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            ddl.run(text.as_string(ddl.connection))

    at_once(dsn, remove)


def make_set(ddl: Ddl, table_set: str, folder: Path = TABLE_SET_FOLDER) -> None:
    """Create a table set atomically, or update it."""
    is_there = ddl.connection.execute("select to_regnamespace(%s) is not null", [table_set]).fetchone()
    with nullcontext() if is_there == (True,) else ddl.whole():
        name = sql.Identifier(table_set)
        ddl.connection.execute(sql.SQL("create schema if not exists {}").format(name))
        ddl.connection.execute(sql.SQL("set search_path to {}").format(name))
        for path in _sql_files(folder):
            _apply(ddl, path, filled(path))
        ddl.connection.execute("reset search_path")


def missing_objects(dsn: str, folder: Path, names: Collection[str]) -> list[str]:
    """List the named tables that a set made from `folder` would lack; no set is left behind."""
    with psycopg.connect(dsn) as connection, _trial_set(connection, folder) as trial:
        return sorted(set(names) - set(relations(connection, trial, TABLES)))


def unlike_objects(dsn: str, folder: Path, table_set: str) -> list[str]:
    """List what is a table in the set and a view in one made from `folder`, or the reverse."""
    with psycopg.connect(dsn) as connection, _trial_set(connection, folder) as trial:
        tables_of, views_of = (
            {name: set(relations(connection, name, kinds)) for name in (trial, table_set)}
            for kinds in (TABLES, VIEWS)
        )
    return sorted(tables_of[trial] & views_of[table_set] | views_of[trial] & tables_of[table_set])


@contextmanager
def _trial_set(connection: Connection, folder: Path) -> Iterator[str]:
    trial = f"taxi_trial_{uuid.uuid4().hex[:10]}"
    make_set(Ddl(connection), trial, folder)
    yield trial
    connection.rollback()


def _show_plainly(dsn: str, views: ViewSwitch) -> None:
    """Point the views that ask which set is served at it; until then they only are slower."""
    if views.asking:
        try:
            step_by_step(dsn, lambda ddl: show(ddl, views.table_set))
        except TablesInUseError as failure:
            console().print(f"{failure}; ./taxi up does it later", style="yellow", soft_wrap=True)


def _carry_marks(connection: Connection, old: str, new: str) -> None:
    """Copy the marks of re-driven letters, so that a switch of sets does not re-drive them again."""
    if old and all("dead_letters" in relations(connection, name, TABLES) for name in (old, new)):
        identifiers = {"old": sql.Identifier(old), "new": sql.Identifier(new)}
        connection.execute(sql.SQL(CARRY_MARKS).format(**identifiers))


def served_by(connection: Connection) -> str:
    """Return the served set within a transaction; empty where none was ever served."""
    row = connection.execute(SWITCHES).fetchone()
    return str(row[0]) if row else ""


def _sql_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql"))


def _apply(ddl: Ddl, path: Path, statements: str) -> None:
    try:
        ddl.apply(statements)
    except LOCK_ERRORS:
        raise
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        if isinstance(error, errors.WrongObjectType):
            raise OtherTablesError(reason, error.diag.message_hint or BESIDE) from error
        raise UserError(f"{path} does not apply: {reason}", "correct the file") from error


def _print_notice(notice: psycopg.errors.Diagnostic) -> None:
    # Postgres itself reports all objects that exist already; notices of our own files have another code.
    if notice.sqlstate == "00000":
        console().print(notice.message_primary, style="yellow", soft_wrap=True)


def _load_zones(connection: Connection, path: Path) -> None:
    rows = path.open(newline="", encoding="utf-8")
    with rows as stream, connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(UPSERT_ZONE, list(csv.DictReader(stream)))
