"""DDL on tables in use: run only statements that change something, and keep each lock wait short.

A statement that waits for a table lock blocks every reader that comes after it, and two that wait for each
other deadlock. So each statement waits for a fraction of a second, gives up, and retries. Where readers may
see one change after the other, no lock is held while waiting for another.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import Any, TypeAlias

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from schemas.errors import UserError
from stack.waiting import Polling, StalledError, WaitProgress, wait_until

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

LOCK_ERRORS = (errors.LockNotAvailable, errors.DeadlockDetected)
UNREAD_SECONDS = 60.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 0.6
"""Lock timeouts that grow from one attempt to the next: among long queries, the first ones may never suffice.
All are below Postgres' deadlock_timeout of 1 s, so that of two sessions that wait for each other, ours gives
up first."""
WAIT_GROWTH = 1.05
LATER_WAIT_SECONDS = 0.05
"""Lock timeout while locks are held already: a session that waits for ours is then a more likely blocker than
a long query."""
PAUSE_SECONDS = 0.1
ONE_AT_A_TIME = "select pg_advisory_lock(hashtext('DDL of the schemas taxi'))"
HOLDERS = """
select sessions.pid, format(
    '%s, %s for %s s: %s',
    coalesce(nullif(sessions.application_name, ''), sessions.usename, sessions.backend_type),
    coalesce(sessions.state, 'at work'),
    extract(epoch from clock_timestamp() - sessions.xact_start)::integer,
    left(regexp_replace(sessions.query, '\\s+', ' ', 'g'), 80)
)
from pg_stat_activity as sessions
where
    sessions.pid <> pg_backend_pid()
    and sessions.xact_start is not null
    and exists (
        select
        from pg_locks as locks
        inner join pg_class as relations on locks.relation = relations.oid
        inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
        where
            locks.pid = sessions.pid
            and locks.granted
            and locks.database = (select oid from pg_database where datname = current_database())
            and schemas.nspname ~ '^taxi(_|$)'
    )
order by sessions.xact_start
limit 5
"""

_SEPARATOR = re.compile(
    r"""
    --[^\n]* | /\*.*?\*/            # a comment
    | '(?:[^']|'')*' | "(?:[^"]|"")*"
    | (?P<tag>\$\w*\$).*?(?P=tag)   # the body of a function
    | \bbegin\s+atomic\b.*?\bend\s*(?=;)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_LEADING_COMMENTS = re.compile(r"\s*(?:--[^\n]*\n\s*)*")
_NAME = r'(?P<name>[\w."]+)'
_RELATION = re.compile(
    rf"create\s+(?:table|(?:unique\s+)?index)\s+if\s+not\s+exists\s+{_NAME}", re.IGNORECASE
)
_COLUMN = re.compile(
    rf"alter\s+table\s+{_NAME}\s+add\s+column\s+if\s+not\s+exists\s+(?P<column>\w+)"
    r"(?!.*,\s*(?:add|alter|drop)\b)",
    re.IGNORECASE | re.DOTALL,
)
_VIEW = re.compile(rf"create\s+or\s+replace\s+view\s+{_NAME}", re.IGNORECASE)
_TRIGGER = re.compile(
    rf"create\s+or\s+replace\s+trigger\s+{_NAME}\s.*?\son\s+(?P<table>[\w.]+)", re.IGNORECASE | re.DOTALL
)
EXISTS = "select to_regclass(%s) is not null"
HAS_COLUMN = """
select exists (
    select from pg_attribute where attrelid = to_regclass(%s) and attname = %s and not attisdropped
)
"""
HAS_TRIGGER = "select exists (select from pg_trigger where tgname = %s and tgrelid = to_regclass(%s))"
SAME_VIEW = "select pg_get_viewdef(to_regclass(%s)) = pg_get_viewdef(to_regclass(%s))"
# One of the two triggers is on a copy of the table, so the definitions differ in the table's schema.
SAME_TRIGGER = """
select count(*) = 2 and count(distinct regexp_replace(pg_get_triggerdef(oid), ' ON \\S+ ', ' ON ')) = 1
from pg_trigger
where tgname = %s and tgrelid in (to_regclass(%s), to_regclass(%s)) and tgenabled = 'O'
"""


class TablesInUseError(UserError):
    """A session holds a transaction open that reads what the change has to alter."""


class Ddl:
    """A session that changes objects in use; its statements wait only briefly for locks."""

    def __init__(self, connection: Connection, wait_seconds: float = FIRST_WAIT_SECONDS) -> None:
        self.connection = connection
        self._wait_seconds = wait_seconds

    def apply(self, text: str) -> None:
        """Run the statements of a file that change something; even a statement without effect may lock."""
        for statement in statements(text):
            self._step(statement, even_if_done=False)

    def run(self, statement: str) -> None:
        self._step(statement, even_if_done=True)

    def whole(self) -> AbstractContextManager[object]:
        """Run everything inside in one transaction."""
        return self.connection.transaction()

    def _step(self, statement: str, *, even_if_done: bool) -> None:
        def attempt(seconds: float) -> None:
            with self.connection.transaction():
                _limit_lock_waits(self.connection, seconds)
                if even_if_done or not _is_done(self.connection, statement):
                    self.connection.execute(statement.encode())

        if self.connection.info.transaction_status == TransactionStatus.IDLE:
            # This session holds no lock while it waits for another, so it cannot be part of a deadlock.
            _until_unlocked(lambda: holders(self.connection), attempt)
        else:
            seconds, self._wait_seconds = self._wait_seconds, LATER_WAIT_SECONDS
            attempt(seconds)


def step_by_step(dsn: str, change: Callable[[Ddl], None]) -> None:
    """Apply a change whose statements each commit separately; run it again to complete an interrupted one.

    Raises UserError with the blocking sessions when a statement gets no lock.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        _until_unlocked(lambda: holders(connection), lambda seconds: _alone(connection, seconds))
        change(Ddl(connection))


def at_once(dsn: str, change: Callable[[Ddl], None], prepare: Callable[[Ddl], None] = lambda _: None) -> None:
    """Apply a change in one transaction, or none of it.

    Each attempt waits only briefly: of two sessions that wait for each other, this one gives up first. Before
    each, `prepare` may change objects step by step.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:

        def attempt(seconds: float) -> None:
            prepare(Ddl(connection))
            with connection.transaction():
                change(Ddl(connection, seconds))

        _until_unlocked(lambda: holders(connection), lambda seconds: _alone(connection, seconds))
        _until_unlocked(lambda: holders(connection), attempt)


def holders(connection: Connection) -> list[str]:
    """List the sessions that hold locks in our schemas, the oldest transaction first."""
    return [f"pid {pid} ({what})" for pid, what in connection.execute(HOLDERS.encode()).fetchall()]


def _until_unlocked(in_the_way: Callable[[], list[str]], attempt: Callable[[float], None]) -> None:
    attempts = count()

    def was_done() -> bool:
        try:
            attempt(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * WAIT_GROWTH ** next(attempts)))
        except LOCK_ERRORS:
            return False
        return True

    try:
        wait_until(
            was_done,
            what="the readers of taxi.* to release their locks",
            progress=lambda: WaitProgress(", ".join(in_the_way()), ()),
            stalled_seconds=UNREAD_SECONDS,
            polling=Polling(PAUSE_SECONDS),
        )
    except StalledError as failure:
        who = ", ".join(in_the_way()) or "no session holds a lock now"
        raise TablesInUseError(
            f"timed out after {UNREAD_SECONDS:.0f} s waiting for the locks of readers of taxi.*: {who}",
            "end these transactions (select pg_terminate_backend(PID)), then run the same command again",
        ) from failure


def _alone(connection: Connection, seconds: float) -> None:
    """Exclude changes by other sessions: two cannot replace functions and grants at once."""
    with connection.transaction():
        _limit_lock_waits(connection, seconds)
        connection.execute(ONE_AT_A_TIME)


def _limit_lock_waits(connection: Connection, seconds: float) -> None:
    connection.execute("select set_config('lock_timeout', %s, true)", [f"{1000 * seconds:.0f}ms"])


def statements(text: str) -> Iterator[str]:
    """Yield the statements of a file without the comments before them."""
    begin = 0
    for found in _SEPARATOR.finditer(text):
        if found["end"]:
            yield from _without_comments(text[begin : found.start()])
            begin = found.end()
    yield from _without_comments(text[begin:])


def _without_comments(statement: str) -> Iterator[str]:
    left = _LEADING_COMMENTS.sub("", f"{statement}\n", count=1).strip()
    if left:
        yield left


def _is_done(connection: Connection, statement: str) -> bool:
    """Check whether a statement would change nothing; False where that cannot be determined."""
    if found := _RELATION.match(statement):
        return _answer(connection, EXISTS, found["name"])
    if found := _COLUMN.match(statement):
        return _answer(connection, HAS_COLUMN, found["name"], found["column"])
    if found := _VIEW.match(statement):
        name = found["name"]
        trial = f"create temporary view {_bare(name)}{statement[found.end() :]}"
        return _answer(connection, EXISTS, name) and _is_same_view(connection, name, trial)
    if found := _TRIGGER.match(statement):
        return _is_same_trigger(connection, found["name"], found["table"], statement)
    return False


def _is_same_view(connection: Connection, name: str, trial: str) -> bool:
    """Compare a view with what this statement makes of it, by a temporary view of the same name."""
    place = _qualified(connection, name)
    with connection.transaction(force_rollback=True):
        connection.execute(trial.encode())
        return _answer(connection, SAME_VIEW, place, f"pg_temp.{_bare(name)}")


def _is_same_trigger(connection: Connection, name: str, table: str, statement: str) -> bool:
    place = _qualified(connection, table)
    if not _answer(connection, HAS_TRIGGER, name, place):
        return False
    with connection.transaction(force_rollback=True):
        # Postgres resolves a temporary table before ours, so the statement creates its trigger there.
        connection.execute(f"create temporary table {_bare(table)} (like {place})".encode())
        connection.execute(statement.encode())
        return _answer(connection, SAME_TRIGGER, name, place, f"pg_temp.{_bare(table)}")


def _qualified(connection: Connection, name: str) -> str:
    """Return a name with its schema, the transaction's current one where none is given."""
    if "." in name:
        return name
    (schema,) = connection.execute("select quote_ident(current_schema())").fetchone() or ("",)
    return f"{schema}.{name}"


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _answer(connection: Connection, question: str, *parameters: str) -> bool:
    row = connection.execute(question.encode(), parameters).fetchone()
    return bool(row and row[0])
