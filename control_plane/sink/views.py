"""The views of the schema `taxi`, which show one of the table sets; `taxi_internal` shows its parts."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from control_plane.sink.ddl import LOCK_ERRORS, Connection, Ddl
from schemas.descriptions import descriptions
from schemas.errors import UserError

SERVED, INTERNAL = "taxi", "taxi_internal"
TABLES, TABLES_AND_VIEWS, VIEWS = ("r", "p"), ("r", "p", "v"), ("v",)
RELATIONS = """
select relname from pg_class
where relnamespace = to_regnamespace(%s) and relkind = any(%s::"char"[])
order by relname
"""
VIEWS_OF_OTHER_SETS = """
select distinct views.relnamespace::regnamespace::text, views.relname
from pg_class as views
join pg_rewrite as rules on rules.ev_class = views.oid
join pg_depend as uses
    on uses.objid = rules.oid
    and uses.classid = 'pg_rewrite'::regclass
    and uses.refclassid = 'pg_class'::regclass
join pg_class as tables on tables.oid = uses.refobjid
join pg_namespace as sets on sets.oid = tables.relnamespace
where
    views.relnamespace::regnamespace::text = any(%s) and views.relkind = 'v'
    and sets.nspname ~ '^taxi_[0-9]+$' and sets.nspname <> %s
"""


def show(ddl: Ddl, table_set: str, contended: list[str] | None = None) -> None:
    """Point every view of `taxi` at this set; raises UserError when an object built on a view forbids it.

    Views whose lock timed out are added to `contended`, and are the first at the next attempt: while a
    transaction waits for its first lock it blocks no other session.
    """
    contended = [] if contended is None else contended
    names = relations(ddl.connection, table_set, TABLES_AND_VIEWS)
    if not names:
        raise UserError(f"there is no table set {table_set}", "./taxi job versions lists what there is")
    internal = descriptions().internal
    for name in sorted(
        names, key=lambda name: contended[::-1].index(name) if name in contended else len(contended)
    ):
        try:
            _show(ddl, INTERNAL if name in internal else SERVED, table_set, name)
        except LOCK_ERRORS:
            contended.append(name)
            raise
    for name in internal.intersection(relations(ddl.connection, SERVED, VIEWS), names):
        _hide(ddl, table_set, name)
    for schema, name in ddl.connection.execute(
        VIEWS_OF_OTHER_SETS, [[SERVED, INTERNAL], table_set]
    ).fetchall():
        _drop(ddl, str(schema), str(name), f"{table_set} has no {name}")


def relations(connection: Connection, schema: str, kinds: Sequence[str]) -> list[str]:
    """List the names of a schema's relations of these kinds."""
    return [row[0] for row in connection.execute(RELATIONS, [schema, list(kinds)]).fetchall()]


def _show(ddl: Ddl, schema: str, table_set: str, name: str) -> None:
    identifiers = {"view": sql.Identifier(schema, name), "table": sql.Identifier(table_set, name)}
    query = sql.SQL("{view} as select * from {table}").format(**identifiers).as_string(ddl.connection)
    try:
        # Objects that depend on a view, such as a dbt mart, survive its replacement.
        with ddl.connection.transaction():
            ddl.apply(f"create or replace view {query}")
    except psycopg.errors.InvalidTableDefinition:
        _drop(ddl, schema, name, f"{schema}.{name} has other columns in {table_set}")
        ddl.run(f"create view {query}")


def _hide(ddl: Ddl, table_set: str, name: str) -> None:
    """Drop a view that an earlier version had in `taxi`; one that an object is built on stays and follows."""
    try:
        _drop(ddl, SERVED, name, "it is internal")
    except UserError:
        _show(ddl, SERVED, table_set, name)


def _drop(ddl: Ddl, schema: str, name: str, why: str) -> None:
    try:
        ddl.run(sql.SQL("drop view {}").format(sql.Identifier(schema, name)).as_string(ddl.connection))
    except psycopg.errors.DependentObjectsStillExist as failure:
        who = ", ".join((failure.diag.message_detail or str(failure)).splitlines())
        raise UserError(
            f"{why}, and {who}; readers still see what they saw",
            "drop what depends on it, switch, and make it again",
        ) from failure
