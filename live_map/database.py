"""What the map asks of Postgres: it reads, and never writes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

import psycopg

from live_map.boards import FRESH, ZoneFare

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
LOCK_SECONDS = 0.5
"""Less than Postgres' deadlock_timeout: a reader gives way to who empties or switches tables."""

FEWEST_WINDOWS = 8
"""Fewer say nothing of what is usual."""

CONNECTIONS = 4
"""At once, for what single pages ask; the feed and the ledger have one each besides."""

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
Row: TypeAlias = tuple[Any, ...]


@cache
def statement(name: str) -> bytes:
    """The text of a file of `sql`."""
    return files("live_map").joinpath("sql", f"{name}.sql").read_bytes()


def reason(error: Exception) -> str:
    """The first line of what Postgres or the client says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


class Database:
    """The served tables, as a reader sees them."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._turns = asyncio.Semaphore(CONNECTIONS)

    @asynccontextmanager
    async def connected(self, statement_seconds: float = STATEMENT_SECONDS) -> AsyncIterator[Connection]:
        """A connection that Postgres itself keeps from writing."""
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
        """The answer of one file of `sql`; psycopg.Error when there is none."""
        async with self._turns, self.connected() as connection:
            return await answer(connection, name, parameters)

    async def fares_at(self, taxi_type: str, at: datetime) -> list[ZoneFare]:
        """The newest window of each zone at a moment."""
        found = await self.rows("fares_at", {"taxi_type": taxi_type, "at": at, "fresh": FRESH})
        return [ZoneFare(*row) for row in found]

    async def usual(self, taxi_type: str, zone_id: int, at: datetime) -> Row | None:
        """What the history calls usual, or None where there is no history."""
        asked = {"taxi_type": taxi_type, "zone_id": zone_id, "at": at, "fewest": FEWEST_WINDOWS}
        try:
            found = await self.rows("usual", asked)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            return None
        return found[0] if found else None


async def answer(
    connection: Connection, name: str, parameters: Mapping[str, object] | None = None
) -> list[Row]:
    """The rows of one file of `sql` on a connection that is there."""
    cursor = await connection.execute(statement(name), parameters)
    return await cursor.fetchall()


async def snapshot(connection: Connection) -> str:
    """Which transactions are visible: while it stays the same, so does every answer."""
    (row,) = await (await connection.execute(b"select pg_current_snapshot()::text")).fetchall()
    return str(row[0])
