"""The views of the schema `taxi`, by which people read one of the table sets."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from schemas.errors import UserError

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

TABLES, TABLES_AND_VIEWS = ("r", "p"), ("r", "p", "v")
RELATIONS = """
select relname from pg_class
where relnamespace = to_regnamespace(%s) and relkind = any(%s::"char"[])
order by relname
"""
VIEWS_OF_OTHER_SETS = """
select distinct views.relname
from pg_class as views
join pg_rewrite as rules on rules.ev_class = views.oid
join pg_depend as uses
    on uses.objid = rules.oid
    and uses.classid = 'pg_rewrite'::regclass
    and uses.refclassid = 'pg_class'::regclass
join pg_class as tables on tables.oid = uses.refobjid
join pg_namespace as sets on sets.oid = tables.relnamespace
where
    views.relnamespace = 'taxi'::regnamespace and views.relkind = 'v'
    and sets.nspname ~ '^taxi_[0-9]+$' and sets.nspname <> %s
"""
READERS = """
select distinct
    sessions.pid,
    sessions.application_name || ' ' || sessions.state || ', ' || left(sessions.query, 60)
from pg_locks as locks
join pg_class as views on views.oid = locks.relation
join pg_stat_activity as sessions on sessions.pid = locks.pid
where views.relnamespace = 'taxi'::regnamespace and locks.granted and locks.pid <> pg_backend_pid()
"""


def show(connection: Connection, table_set: str) -> None:
    """Have every view of `taxi` show this set; raises UserError when what others built on one forbids it."""
    names = relations(connection, table_set, TABLES_AND_VIEWS)
    if not names:
        raise UserError(f"there is no table set {table_set}", "./taxi job versions lists what there is")
    for name in names:
        _show(connection, table_set, name)
    for (name,) in connection.execute(VIEWS_OF_OTHER_SETS, [table_set]).fetchall():
        _drop(connection, str(name), f"{table_set} has no {name}")


def relations(connection: Connection, schema: str, kinds: Sequence[str]) -> list[str]:
    """The names of what a schema holds of these kinds."""
    return [row[0] for row in connection.execute(RELATIONS, [schema, list(kinds)]).fetchall()]


def readers(dsn: str) -> list[str]:
    """Who has the views in an open transaction."""
    with psycopg.connect(dsn) as connection:
        return [f"pid {pid} ({what})" for pid, what in connection.execute(READERS).fetchall()]


def _show(connection: Connection, table_set: str, name: str) -> None:
    identifiers = {"view": sql.Identifier("taxi", name), "table": sql.Identifier(table_set, name)}
    try:
        # What depends on the view, a mart of dbt for example, lives on when the view is replaced.
        with connection.transaction():
            connection.execute(
                sql.SQL("create or replace view {view} as select * from {table}").format(**identifiers)
            )
    except psycopg.errors.InvalidTableDefinition:
        _drop(connection, name, f"taxi.{name} has other columns in {table_set}")
        connection.execute(sql.SQL("create view {view} as select * from {table}").format(**identifiers))


def _drop(connection: Connection, name: str, why: str) -> None:
    try:
        connection.execute(sql.SQL("drop view {}").format(sql.Identifier("taxi", name)))
    except psycopg.errors.DependentObjectsStillExist as failure:
        who = ", ".join((failure.diag.message_detail or str(failure)).splitlines())
        raise UserError(
            f"{why}, and {who}; readers still see what they saw",
            "drop what depends on it, switch, and make it again",
        ) from failure
