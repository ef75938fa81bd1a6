"""Sees every served value that changes after it was written: a right one is only written again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from tests.platform import Platform
from tests.waiting import wait_for

AUDITED = ("on_time_windows", "all_trips")
SHOWN = 5

LOG: LiteralString = """
drop schema if exists drill_audit cascade;
create schema drill_audit;
create table drill_audit.changes (name text, operation text, before jsonb, after jsonb);
create function drill_audit.note() returns trigger language plpgsql as $$
begin
    insert into drill_audit.changes
    values (tg_argv[0], tg_op, to_jsonb(old), case tg_op when 'UPDATE' then to_jsonb(new) end);
    return null;
end
$$;
"""
TRIGGERS: LiteralString = """
create trigger drill_audit_update after update on {table} for each row
when (old is distinct from new) execute function drill_audit.note({name});
create trigger drill_audit_delete after delete on {table} for each row
execute function drill_audit.note({name});
"""


def tables_schema(platform: Platform) -> str:
    """The schema of the tables that the job writes; people read them as `taxi.…`."""
    (found,) = platform.query(
        "select relnamespace::regnamespace::text from pg_class"
        " where relname = 'on_time_windows' and relkind = 'r' order by oid desc limit 1"
    )
    return str(found[0])


def removed(platform: Platform) -> bool:
    """Take the triggers away; not while a reader of the tables and we wait for each other."""
    try:
        with psycopg.connect(platform.endpoints.postgres_dsn) as connection:
            connection.execute("drop schema drill_audit cascade")
    except psycopg.errors.DeadlockDetected:
        return False
    return True


@dataclass(frozen=True)
class ChangeAudit:
    """What was seen since the drill began."""

    platform: Platform

    @classmethod
    @contextmanager
    def installed(cls, platform: Platform) -> Iterator["ChangeAudit"]:
        """Triggers on the tables that the job writes, for as long as this lasts."""
        schema = tables_schema(platform)
        with psycopg.connect(platform.endpoints.postgres_dsn) as connection:
            connection.execute(LOG)
            for name in AUDITED:
                table = sql.Identifier(schema, name)
                connection.execute(sql.SQL(TRIGGERS).format(table=table, name=sql.Literal(name)))
        try:
            yield cls(platform)
        finally:
            wait_for(lambda: removed(platform), what="the triggers to be removed")

    def unexplained(self) -> list[tuple[Any, ...]]:
        """Changes that are no correction: that is, all but a late trip that its on-time copy takes over."""
        return self.platform.query(
            "select * from drill_audit.changes where not ("
            " name = 'all_trips' and operation = 'UPDATE' and before - 'on_time' = after - 'on_time'"
            " and before @> '{\"on_time\": false}' and after @> '{\"on_time\": true}')"
        )

    def assert_nothing_unexplained(self) -> None:
        found = self.unexplained()
        shown = "\n".join(map(str, found[:SHOWN]))
        assert not found, f"{len(found)} served rows changed without a correction, among them:\n{shown}"
