"""The map's queries on Postgres: it reads, and never writes."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

import psycopg

from live_map.boards import FRESH, ZoneFare
from schemas.errors import UserError

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
GRACE_SECONDS = 2
"""Time for Postgres to report that a statement took too long; after that it is frozen or unreachable."""

LOCK_SECONDS = 0.5
"""Less than Postgres' deadlock_timeout: a reader yields to transactions that truncate or switch tables."""

FEWEST_WINDOWS = 8
"""Fewer windows do not show what is usual."""

CONNECTIONS = 4
"""Limit for the queries of single pages; the feed and the ledger have one more connection each."""

UNANSWERABLE = (
    psycopg.errors.InvalidParameterValue,
    psycopg.errors.NoDataFound,
    psycopg.errors.FeatureNotSupported,
)
"""The errors of taxi.explain_window: the message and the hint are written for people."""

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
Row: TypeAlias = tuple[Any, ...]


@cache
def statement(name: str) -> bytes:
    """Return the text of a file of `sql`."""
    return files("live_map").joinpath("sql", f"{name}.sql").read_bytes()


def reason(error: Exception) -> str:
    """Return the first line of the error text of Postgres or the client."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


class Database:
    """The served tables, with a reader's rights."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._turns = asyncio.Semaphore(CONNECTIONS)

    @asynccontextmanager
    async def connected(self, statement_seconds: float = STATEMENT_SECONDS) -> AsyncIterator[Connection]:
        """Open a connection that Postgres keeps read-only."""
        limits = {
            "default_transaction_read_only": "on",
            "statement_timeout": f"{statement_seconds}s",
            "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}ms",
        }
        connection = await psycopg.AsyncConnection.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="taxi-map",
            options=" ".join(f"-c {name}={value}" for name, value in limits.items()),
        )
        async with connection:
            yield connection

    async def rows(self, name: str, parameters: Mapping[str, object] | None = None) -> Sequence[Row]:
        """Return the rows of one file of `sql`; psycopg.Error when the query fails."""
        async with self._turns, self.connected() as connection:
            return await answer(connection, name, parameters)

    async def fares_at(self, taxi_type: str, at: datetime) -> list[ZoneFare]:
        """Return the newest window of each zone at a moment."""
        found = await self.rows("fares_at", {"taxi_type": taxi_type, "at": at, "fresh": FRESH})
        return [ZoneFare(*row) for row in found]

    async def usual(self, taxi_type: str, zone_id: int, at: datetime) -> Row | None:
        """Return the usual values by the history, or None without a history."""
        asked = {"taxi_type": taxi_type, "zone_id": zone_id, "at": at, "fewest": FEWEST_WINDOWS}
        try:
            found = await self.rows("usual", asked)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            return None
        return found[0] if found else None

    async def explanation(self, taxi_type: str, zone_id: int, window_end: datetime) -> Sequence[Row]:
        """Return where a window comes from; raises UserError for one that cannot be explained."""
        asked = {"taxi_type": taxi_type, "zone_id": zone_id, "at": window_end}
        try:
            return await self.rows("explain_window", asked)
        except UNANSWERABLE as refusal:
            raise UserError(reason(refusal), refusal.diag.message_hint or "") from refusal
        except psycopg.errors.UndefinedFunction as error:
            raise UserError(
                "this database cannot explain its numbers yet", "./taxi up brings it up to date"
            ) from error


async def answer(
    connection: Connection,
    name: str,
    parameters: Mapping[str, object] | None = None,
    *,
    statement_seconds: float = STATEMENT_SECONDS,
) -> list[Row]:
    """Return the rows of one file of `sql` on an open connection."""
    with _answered_within(connection, statement_seconds + GRACE_SECONDS):
        cursor = await connection.execute(statement(name), parameters)
        return await cursor.fetchall()


async def snapshot(connection: Connection) -> str:
    """Return the visible transactions: while they stay the same, so does every answer."""
    with _answered_within(connection, STATEMENT_SECONDS + GRACE_SECONDS):
        (row,) = await (await connection.execute(b"select pg_current_snapshot()::text")).fetchall()
    return str(row[0])


@contextmanager
def _answered_within(connection: Connection, seconds: float) -> Iterator[None]:
    """Raise TimeoutError when the server is silent for too long.

    A frozen server keeps its connections open, and psycopg awaits the end of a statement even when its task
    is cancelled. So the socket is shut down, which ends the wait.
    """
    is_cut = False

    def cut() -> None:
        nonlocal is_cut
        is_cut = True
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = asyncio.get_running_loop().call_later(seconds, cut)
    try:
        yield
    except psycopg.Error as error:
        if is_cut:
            raise TimeoutError(f"silent for {seconds:.0f} s") from error
        raise
    finally:
        timer.cancel()
