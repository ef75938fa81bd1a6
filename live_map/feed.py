"""Poll the tables once for all clients, and only while there are clients."""

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from live_map.boards import Board, ZoneFare
from live_map.database import Connection, Database, Row, answer, reason, snapshot
from schemas.tlc_month import TAXI_TYPES

PAUSE_SECONDS = 0.25
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.25, 2.0
FIRST_LOOK_SECONDS = 2.0
RECENT_SECONDS = 1.0


class Feed:
    """Poller that looks four times a second and wakes the waiting clients when something has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        run = secrets.token_hex(4)
        self.boards = {taxi_type: Board(taxi_type, run) for taxi_type in TAXI_TYPES}
        self.outage = ""
        """Reason why Postgres cannot be read; empty while it can."""
        self.watchers = 0
        self._watched = asyncio.Event()
        self._looked_at = 0.0
        self._seen = ""
        self._changed = asyncio.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Keep the tables polled inside of this block."""
        self.watchers += 1
        self._watched.set()
        try:
            yield
        finally:
            self.watchers -= 1
            if not self.watchers:
                self._watched.clear()

    async def until_watched(self) -> None:
        """Wait for the first client."""
        await self._watched.wait()

    async def first_look(self) -> None:
        """Wait briefly for a poll that starts after this call; with other clients a recent one is enough."""
        asked = time.monotonic() - (RECENT_SECONDS if self.watchers > 1 else 0.0)
        deadline = time.monotonic() + FIRST_LOOK_SECONDS
        while self._looked_at < asked and not self.outage and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    @property
    def next_change(self) -> asyncio.Event:
        """The event of the next change; take it before reading the state, so that no change is missed."""
        return self._changed

    async def run(self) -> None:
        """Poll until cancelled, through every outage."""
        pause = FIRST_RETRY_SECONDS
        while True:
            await self._watched.wait()
            try:
                async with self._database.connected() as connection:
                    self._seen = ""
                    pause = FIRST_RETRY_SECONDS
                    await self._look_while_watched(connection)
            except (
                Exception
            ) as error:  # any error of the client: the pages show it, and the next poll retries
                self._note_outage(reason(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_RETRY_SECONDS)

    async def _look_while_watched(self, connection: Connection) -> None:
        while self._watched.is_set():
            began = time.monotonic()
            # Asked before the rows are read: rows committed in between are read again by the next poll.
            seen = await snapshot(connection)
            if seen != self._seen:
                # Tables that are being truncated or switched are read by a later poll.
                with suppress(psycopg.errors.LockNotAvailable):
                    self._take_over(await answer(connection, "fares_now"))
                    self._seen = seen
            self._looked_at = began
            self._note_outage("")
            await asyncio.sleep(max(0.0, PAUSE_SECONDS - (time.monotonic() - began)))

    def _take_over(self, rows: list[Row]) -> None:
        fares: dict[str, list[ZoneFare]] = defaultdict(list)
        for taxi_type, *fare in rows:
            fares[taxi_type].append(ZoneFare(*fare))
        before = [board.version for board in self.boards.values()]
        for taxi_type, board in self.boards.items():
            board.update(fares[taxi_type], wall_seconds=time.monotonic(), wall_ms=time.time_ns() // 1_000_000)
        if before != [board.version for board in self.boards.values()]:
            self._wake()

    def _note_outage(self, outage: str) -> None:
        if outage != self.outage:
            self.outage = outage
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
