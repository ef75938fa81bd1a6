"""Publishes a month: its rows in another table set replace those that are served."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from control_plane.sink import table_sets as tables
from control_plane.sink.views import TABLES, relations
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth
from stack import database
from stack.endpoints import Endpoints
from stack.locks import file_lock

SERVED = """
select count(*), string_agg(distinct source_file, ', ')
from taxi.trips
where taxi_type = %(taxi_type)s and source_month = %(first_day)s
    and dropoff_at >= %(first_day)s::date - 1 and dropoff_at < %(first_day)s::date + interval '1 month 2 days'
"""

PUBLISHED = """
select run, to_char(published_at, 'YYYY-MM-DD HH24:MI')
from taxi.current_publications where taxi_type = %(taxi_type)s and source_month = %(first_day)s
"""


LARGEST_WITHDRAWN_SHARE = 0.05
"""A larger share of a month is withdrawn only on request: the file is more likely wrong or incomplete."""

COMPARE = "select * from {}.compare_month(%(table_set)s, %(taxi_type)s, %(first_day)s, %(beside)s)"
PUBLISH = """
select published.added, published.withdrawn, published.changed
from {}.publish_month(%(run)s, %(table_set)s, %(taxi_type)s, %(first_day)s, %(exclusive)s) as published
"""
REPORT = """
insert into taxi.parity_reports (
    run, taxi_type, month, engine, beside, equal, explained, unexplained,
    trips_equal, trips_changed, trips_only_served, trips_only_in_run
)
values (
    %(run)s, %(taxi_type)s, %(month)s, %(engine)s, %(beside)s, %(equal)s, %(explained)s, %(unexplained)s,
    %(trips_equal)s, %(trips_changed)s, %(trips_only_served)s, %(trips_only_in_run)s
)
"""
NEWEST_RUN = """
select run from {}.current_publications where taxi_type = %(taxi_type)s and source_month = %(first_day)s
"""
STREAMED = """
select from {0}.all_trips
where
    taxi_type = %(taxi_type)s and source_month = %(first_day)s and on_time is not null
    and dropoff_at >= {0}.first_dropoff_at(%(first_day)s::date)
    and dropoff_at < {0}.end_of_dropoffs(%(first_day)s::date)
limit 1
"""
NOTE = """
update taxi.backfill_runs
set
    state = 'published', failure = null, ended_at = clock_timestamp(),
    added = %(added)s, withdrawn = %(withdrawn)s, changed = %(changed)s
where run = %(run)s and taxi_type = %(taxi_type)s and month = %(month)s
"""
NOTE_UNDONE = """
update taxi.backfill_runs set state = 'undone', ended_at = clock_timestamp()
where run = %(run)s and taxi_type = %(taxi_type)s and month = %(month)s
"""
UNDO = "select {}.undo_publication(%(run)s, %(taxi_type)s, %(first_day)s)"
ADOPT = "select {}.adopt_publications(%s)"

Connection = psycopg.Connection[Any]
ComparedWith = Literal["served", "stream"]
ANOTHER_PUBLISHES = "another ./taxi is replacing months; waiting for it"


@contextmanager
def publication_lock(endpoints: Endpoints) -> Iterator[None]:
    """Lock the publication of months: each publication compares with what another would change.

    A database that the environment gives has callers on other machines, so the lock is in the database too.
    """
    with ExitStack() as locks:
        locks.enter_context(file_lock(endpoints.home / "jobs" / "months.lock", ANOTHER_PUBLISHES))
        if not endpoints.is_local:
            locks.enter_context(
                database.session_lock(endpoints.postgres_dsn, "publication of months", ANOTHER_PUBLISHES)
            )
        yield


@dataclass(frozen=True)
class Comparison:
    """The served rows of a month compared with a run's: windows, then trips."""

    equal: int
    explained: int
    unexplained: int
    trips_equal: int
    trips_changed: int
    trips_only_served: int
    trips_only_in_run: int
    examples: Sequence[str] = ()
    """The first windows with an unexplained difference."""

    @property
    def withdrawn_share(self) -> float:
        """The share of served trips that a publication would remove."""
        served = self.trips_equal + self.trips_changed + self.trips_only_served
        return self.trips_only_served / served if served else 0.0


@dataclass(frozen=True)
class Published:
    """The effect of a publication on the trips of a month."""

    added: int
    withdrawn: int
    changed: int


def compare(
    dsn: str, month: TlcMonth, table_set: str, run: str, engine: str, compared_with: ComparedWith = "served"
) -> Comparison:
    """Compare a month in a set with the served one, or with the stream's rows of it, and store the report."""
    named = {
        "run": run,
        "engine": engine,
        "beside": compared_with,
        "table_set": table_set,
        **month.sql_parameters,
    }
    with psycopg.connect(dsn) as connection:
        text = _of_served(connection, COMPARE)
        with connection.cursor(row_factory=class_row(Comparison)) as cursor:
            (found,) = cursor.execute(text, named).fetchall()
        connection.execute(REPORT, {**named, **vars(found)})
        return found


def is_streamed(dsn: str, month: TlcMonth) -> bool:
    """Check whether the stream has written an accepted trip of a month."""
    with psycopg.connect(dsn) as connection:
        return (
            connection.execute(_of_served(connection, STREAMED), month.sql_parameters).fetchone() is not None
        )


def is_published(dsn: str, month: TlcMonth, run: str) -> bool:
    """Check whether this run was the last one published for a month."""
    with psycopg.connect(dsn) as connection:
        newest = connection.execute(_of_served(connection, NEWEST_RUN), month.sql_parameters).fetchone()
    return newest is not None and newest[0] == run


def publish(dsn: str, months: list[TlcMonth], table_set: str, run: str) -> dict[TlcMonth, Published]:
    """Replace the months by the rows of a set, in one transaction; publishing again changes nothing.

    A stream of other months is not blocked. One of the same month may conflict with our rows, and is blocked
    then.
    """
    try:
        return _publish(dsn, months, table_set, run, exclusive=False)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return _publish(dsn, months, table_set, run, exclusive=True)


def undo(dsn: str, months: list[TlcMonth], run: str) -> None:
    """Restore the rows from before this run was published, with what the stream has written since."""
    with psycopg.connect(dsn) as connection:
        for month in months:
            try:
                connection.execute(_of_served(connection, UNDO), {"run": run, **month.sql_parameters})
                connection.execute(NOTE_UNDONE, {"run": run, **month.sql_parameters})
            except psycopg.errors.RaiseException as refusal:
                raise UserError(
                    f"{month}: {refusal.diag.message_primary}", "undo the later runs first, newest first"
                ) from refusal


def adopt_publications(dsn: str, from_set: str, to_set: str) -> int:
    """Publish in a set what is published in another, regardless of what the stream writes before or after.

    A set of a release without publications has none to pass on, and accepts none.
    """
    with psycopg.connect(dsn) as connection:
        if not all("publications" in relations(connection, name, TABLES) for name in (from_set, to_set)):
            return 0
        adopt = sql.SQL(ADOPT).format(sql.Identifier(to_set))
        row = connection.execute(adopt, [from_set]).fetchone()
        return int(row[0]) if row else 0


def _publish(
    dsn: str, months: list[TlcMonth], table_set: str, run: str, *, exclusive: bool
) -> dict[TlcMonth, Published]:
    done = {}
    with psycopg.connect(dsn) as connection, connection.cursor(row_factory=class_row(Published)) as cursor:
        text = _of_served(connection, PUBLISH)
        values = {"run": run, "table_set": table_set, "exclusive": exclusive}
        for month in months:
            (found,) = cursor.execute(text, {**values, **month.sql_parameters}).fetchall()
            cursor.execute(NOTE, {**values, **month.sql_parameters, **vars(found)})
            done[month] = found
    return done


def _of_served(connection: Connection, text: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(tables.served_by(connection)))


def served_of(dsn: str, month: TlcMonth) -> tuple[int, str]:
    """Return the number of served trips of a month, and their origin: a run, or the stream's files."""
    ((served, files),) = database.query(dsn, SERVED, month.sql_parameters).rows
    published = database.query(dsn, PUBLISHED, month.sql_parameters).rows
    return int(served), f"run {published[0][0]}, {published[0][1]}" if published else files or ""
