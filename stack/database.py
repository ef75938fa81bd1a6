"""Queries on Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from stack.errors import UserError


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


def create(maintenance_dsn: str, database: str) -> None:
    """Bring a database into being; harmless when it is there."""
    with psycopg.connect(maintenance_dsn, autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))


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


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
