"""Queries on Postgres."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from schemas.errors import TransientError, UserError
from stack.console import console
from stack.waiting import wait_until

OUTAGE_SECONDS = 60.0
CONNECT_SECONDS = 15
KEEPALIVE_SECONDS = 60
"""Idle time before a test of the connection: load balancers forget silent ones after minutes."""

TRY_LOCK = "select pg_try_advisory_lock(hashtext(%s))"
LOCK = "select pg_advisory_lock(hashtext(%s))"

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """The result of a statement; `columns` is empty for a statement without a result set."""

    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    status: str


class StatementError(UserError):
    """A statement that Postgres refuses, in its own words."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(f"Postgres reports: {_first_line(error)}")
        self.is_syntax = isinstance(error, psycopg.errors.SyntaxError)
        self.is_copy = error.sqlstate is None and "COPY" in str(error)


def server_version(dsn: str) -> str:
    """Return the version after a test query; raises when the server does not answer."""
    with psycopg.connect(dsn, connect_timeout=5, autocommit=True) as connection:
        connection.execute("select 1")
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def create(maintenance_dsn: str, database: str, owner: str = "") -> None:
    """Create a database owned by the caller or by another role, unless it exists."""
    with psycopg.connect(maintenance_dsn, autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
        if known is None:
            statement = sql.SQL("create database {}").format(sql.Identifier(database))
            belongs = sql.SQL(" owner {}").format(sql.Identifier(owner)) if owner else sql.SQL("")
            connection.execute(statement + belongs)


@contextmanager
def translate_outage() -> Iterator[None]:
    """Raise UserError where the connection to Postgres is lost."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise UserError(
            f"Postgres does not answer ({_first_line(error)})",
            "see ./taxi status, and run the same command again",
        ) from error


def outlasting(dsn: str, work: Callable[[], T]) -> T:
    """Return the result of `work`, repeated from the start when Postgres was away and has come back."""
    try:
        return work()
    except psycopg.OperationalError:
        _await_server(dsn)
        return work()


@contextmanager
def session_lock(dsn: str, name: str, waiting: str) -> Iterator[None]:
    """Hold the lock of this name in the database; while another session has it, print `waiting` and wait.

    The connection is only for the lock. Postgres releases it when the connection is lost.
    """
    with translate_outage():
        connection = psycopg.connect(
            dsn, autocommit=True, connect_timeout=CONNECT_SECONDS, keepalives_idle=KEEPALIVE_SECONDS
        )
    with connection:
        with translate_outage():
            if not connection.execute(TRY_LOCK, [name]).fetchall()[0][0]:
                console().print(waiting, highlight=False)
                connection.execute(LOCK, [name])
        yield


def query(dsn: str, text: str, parameters: Mapping[str, object] | None = None) -> Rows:
    """Run a user's statement, or our own with parameters; raises UserError with Postgres' own error text."""
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS) as connection:
            # Without parameters psycopg does not parse placeholders, so a `%` in a LIKE is literal.
            try:
                cursor = connection.execute(text.encode(), parameters)
            except psycopg.ProgrammingError:
                connection.close()  # a rollback would not end a COPY
                raise
            columns = [column.name for column in cursor.description or ()]
            return Rows(columns, cursor.fetchall() if columns else [], cursor.statusmessage or "")
    except psycopg.OperationalError as error:
        raise TransientError(f"Postgres reports: {_first_line(error)}") from error
    except psycopg.Error as error:
        raise StatementError(error) from error


def _await_server(dsn: str) -> None:
    def state() -> str:
        """Return Postgres' message while it starts; empty when it answers."""
        try:
            server_version(dsn)
        except psycopg.OperationalError as error:
            return _first_line(error)
        return ""

    wait_until(lambda: not state(), what="Postgres", progress=state, stalled_seconds=OUTAGE_SECONDS)


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
