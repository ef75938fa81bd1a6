"""The views of the schema `taxi`, which show one of the table sets; `taxi_internal` shows its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import errors, sql

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
COLUMNS = """
select quote_ident(attname) from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
order by attnum
"""
READ_NOW = """
select distinct relname from pg_locks join pg_class on pg_locks.relation = pg_class.oid
where
    relnamespace::regnamespace::text in ('taxi', 'taxi_internal') and relkind = 'v'
    and pid <> pg_backend_pid() and granted
"""
NEWEST_SWITCH = "select table_set from taxi.switches order by switched_at desc limit 1"
ASKING = f"""
create or replace view {{view}} as
select {{columns}} from {{before_table}} where ({NEWEST_SWITCH}) = {{before}}
union all
select {{columns}} from {{after_table}} where ({NEWEST_SWITCH}) = {{after}}
"""  # noqa: S608 - put together from our own text
NOT_OF_BOTH_SETS = (
    *(errors.UndefinedTable, errors.UndefinedColumn),
    *(errors.DatatypeMismatch, errors.InvalidTableDefinition),
)
WRITTEN_THROUGH = "dead_letters"
"""Letters are marked through this view, which one of two sets would forbid."""


def show(ddl: Ddl, table_set: str) -> None:
    """Point every view at this set; raises UserError when an object built on a view forbids it."""
    names = _names(ddl.connection, table_set)
    for name in names:
        _show(ddl, _schema_of(name), table_set, name)
    _drop_others(ddl, table_set, names)


@dataclass
class ViewSwitch:
    """The change of every view to another set, at a single moment.

    A transaction that collects the locks of all views has to give way to each reader that holds one view and
    waits for another. Among looping readers it may never get them all. So a view whose lock timed out is
    replaced first, in a transaction of its own, by one that asks `taxi.switches` which set is served. For all
    of these the switch needs only the lock of that table, which no reader waits for while it holds it.
    """

    table_set: str
    asking: set[str] = field(default_factory=set)
    contended: list[str] = field(default_factory=list)

    def prepare(self, ddl: Ddl) -> None:
        """Have views ask which set is served once a lock timed out: that one, and those that are read now."""
        (before,) = ddl.connection.execute(NEWEST_SWITCH).fetchone() or ("",)
        if self.contended and before not in {"", self.table_set}:
            read_now = [str(name) for (name,) in ddl.connection.execute(READ_NOW).fetchall()]
            for name in sorted({*self.contended, *read_now} - self.asking - {WRITTEN_THROUGH}):
                if self._ask(ddl, name, str(before)):
                    self.asking.add(name)

    def show(self, ddl: Ddl) -> None:
        """Point the other views at the set; for a transaction that adds the row to `taxi.switches`."""
        if self.asking:
            # Before any view: a reader that waits for it may hold another view.
            ddl.run("lock table taxi.switches in access exclusive mode")
        names = _names(ddl.connection, self.table_set)
        for name in sorted(set(names) - self.asking, key=self._contended_first):
            try:
                _show(ddl, _schema_of(name), self.table_set, name, even_if_done=True)
            except LOCK_ERRORS:
                self.contended.append(name)
                raise
        _drop_others(ddl, self.table_set, names)

    def _contended_first(self, name: str) -> tuple[int, str]:
        """While a transaction waits for its first lock it blocks no session that has others."""
        newest = self.contended[::-1]
        return (newest.index(name) if name in newest else len(newest), name)

    def _ask(self, ddl: Ddl, name: str, before: str) -> bool:
        """Replace a view by one of both sets; False where one of them lacks it, or a column."""
        schema = _schema_of(name)
        columns = ddl.connection.execute(COLUMNS, [f"{schema}.{name}"]).fetchall()
        if not columns:
            return False
        statement = sql.SQL(ASKING).format(
            view=sql.Identifier(schema, name),
            columns=sql.SQL(", ").join(sql.SQL(column) for (column,) in columns),
            before_table=sql.Identifier(before, name),
            after_table=sql.Identifier(self.table_set, name),
            before=sql.Literal(before),
            after=sql.Literal(self.table_set),
        )
        try:
            ddl.run(statement.as_string(ddl.connection))
        except NOT_OF_BOTH_SETS:
            return False
        return True


def show_one_set_only(ddl: Ddl, table_set: str) -> None:
    """Point every view at the served set where a switch that was killed has left one that asks."""
    if _views_of_other_sets(ddl.connection, table_set):
        show(ddl, table_set)


def _names(connection: Connection, table_set: str) -> list[str]:
    names = relations(connection, table_set, TABLES_AND_VIEWS)
    if not names:
        raise UserError(f"there is no table set {table_set}", "run ./taxi job versions to list the versions")
    return names


def _schema_of(name: str) -> str:
    return INTERNAL if name in descriptions().internal else SERVED


def _views_of_other_sets(connection: Connection, table_set: str) -> list[tuple[str, str]]:
    rows = connection.execute(VIEWS_OF_OTHER_SETS, [[SERVED, INTERNAL], table_set]).fetchall()
    return [(str(schema), str(name)) for schema, name in rows]


def _drop_others(ddl: Ddl, table_set: str, names: Sequence[str]) -> None:
    for name in descriptions().internal.intersection(relations(ddl.connection, SERVED, VIEWS), names):
        _hide(ddl, table_set, name)
    for schema, name in _views_of_other_sets(ddl.connection, table_set):
        if name not in names:
            _drop(ddl, schema, name, f"{table_set} has no {name}")


def relations(connection: Connection, schema: str, kinds: Sequence[str]) -> list[str]:
    """List the names of a schema's relations of these kinds."""
    return [row[0] for row in connection.execute(RELATIONS, [schema, list(kinds)]).fetchall()]


def _show(ddl: Ddl, schema: str, table_set: str, name: str, *, even_if_done: bool = False) -> None:
    identifiers = {"view": sql.Identifier(schema, name), "table": sql.Identifier(table_set, name)}
    query = sql.SQL("{view} as select * from {table}").format(**identifiers).as_string(ddl.connection)
    try:
        # Objects that depend on a view, such as a dbt mart, survive its replacement.
        replace = f"create or replace view {query}"
        ddl.run(replace) if even_if_done else ddl.apply(replace)
    except errors.InvalidTableDefinition:
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
    except errors.DependentObjectsStillExist as failure:
        who = ", ".join((failure.diag.message_detail or str(failure)).splitlines())
        raise UserError(
            f"{why}, and {who}; the served version is unchanged",
            "drop the dependent objects, switch, then create them again",
        ) from failure
