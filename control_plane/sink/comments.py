"""The comments in Postgres, from `schemas/descriptions.toml`: of the schema `taxi`, and of our schemas.

A comment takes a lock that blocks neither readers nor writers, yet only those that differ are written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from psycopg import sql

from control_plane.sink.ddl import Connection, Ddl
from schemas.descriptions import Descriptions, descriptions

OURS = """
select 'schema', oid::regnamespace::text, '', '', obj_description(oid, 'pg_namespace')
from pg_namespace
where nspname ~ '^(taxi(_internal|_[0-9]+(_months)?)?|marts(_staging)?)$' and pg_has_role(nspowner, 'usage')
union all
select
    case relkind when 'v' then 'view' else 'table' end,
    format('%s.%I', relnamespace::regnamespace, relname), relname, coalesce(attname, ''),
    case when attname is null then obj_description(pg_class.oid, 'pg_class')
        else col_description(pg_class.oid, attnum) end
from pg_class
left join lateral (
    select null::name as attname, 0::smallint as attnum
    union all
    select attname, attnum from pg_attribute
    where attrelid = pg_class.oid and attnum > 0 and not attisdropped
) as columns on true
where
    relnamespace in (to_regnamespace('taxi'), to_regnamespace('taxi_internal'))
    and relkind in ('r', 'p', 'v') and pg_has_role(relowner, 'usage')
union all
select 'function', oid::regprocedure::text, proname, '', obj_description(oid, 'pg_proc')
from pg_proc
where
    pronamespace = to_regnamespace('taxi') and prokind = 'f' and pg_has_role(proowner, 'usage')
order by 1, 2, 4
"""
_TABLE_SET = re.compile(r"taxi_\d+(|_months)")


@dataclass(frozen=True)
class Described:
    """A schema, relation, column or function, and its comment in the database."""

    kind: str
    address: str
    """The name as SQL, with the schema."""
    name: str
    column: str
    comment: str | None

    def wanted(self, texts: Descriptions) -> str:
        """Return the comment that the object should have; empty where nothing describes it."""
        if self.kind == "schema":
            return texts.schemas.get(_role_of_schema(self.address), "")
        if self.kind == "function":
            return texts.functions.get(self.name, "")
        return texts.column(self.name, self.column) if self.column else texts.relations.get(self.name, "")

    def statement(self, text: str) -> sql.Composed:
        """Return the statement that writes the comment."""
        kind, address = self.kind, sql.Composed([sql.SQL(self.address)])
        if self.column:
            kind, address = "column", address + sql.SQL(".") + sql.Identifier(self.column)
        return sql.SQL("comment on {} {} is {}").format(sql.SQL(kind), address, sql.Literal(text))


def describe(ddl: Ddl) -> None:
    """Write the comments that are missing or differ."""
    for statements in outdated(ddl.connection):
        ddl.run(statements)


def outdated(connection: Connection) -> Iterator[str]:
    """Yield the statements of each object whose comments differ, its columns with it."""
    rows = [Described(*row) for row in connection.execute(OURS.encode()).fetchall()]
    texts = descriptions()
    for _, members in groupby(rows, key=lambda row: (row.kind, row.address)):
        statements = [
            one.statement(text).as_string(connection)
            for one in members
            if (text := one.wanted(texts)) and text != one.comment
        ]
        if statements:
            yield "; ".join(statements)


def _role_of_schema(name: str) -> str:
    """Return the name under which the descriptions have a schema: table sets have numbers."""
    found = _TABLE_SET.fullmatch(name)
    return f"table_set{found[1]}" if found else name
