"""Read the facts behind the checks, rarely enough to put no load on Postgres."""

import asyncio
import time
from collections.abc import Sequence
from urllib.request import ProxyHandler, build_opener

from live_map.checks import Check, Facts, LedgerHours, Metrics, Parity, checks
from live_map.database import Database, answer
from live_map.feed import Feed

PAUSE_SECONDS = 2.0
LARGEST_LEDGER_SHARE = 0.1
"""Share of the time that may be spent on summing the ledger: a ledger of years keeps Postgres busy."""

LEDGER_SECONDS = 60
EXPORTER_SECONDS = 2


class Truth:
    """The newest facts of each taxi type."""

    def __init__(self, database: Database, feed: Feed, metrics_url: str) -> None:
        self._database, self._feed, self._metrics_url = database, feed, metrics_url
        self._ledger: dict[str, LedgerHours] = {}
        self._parity: dict[str, Parity] = {}
        self._metrics = Metrics()

    def checks(self, taxi_type: str) -> Sequence[Check]:
        """Evaluate the checks on the current facts."""
        facts = Facts(
            outage=self._feed.outage,
            ledger=self._ledger.get(taxi_type),
            parity=self._parity.get(taxi_type),
            metrics=self._metrics,
        )
        return checks(taxi_type, facts)

    async def run(self) -> None:
        """Read without end, while there are clients."""
        await asyncio.gather(self._read_metrics(), self._read_tables())

    async def _read_metrics(self) -> None:
        while True:
            if not self._feed.watchers:
                self._metrics = Metrics()  # facts from before the pause are stale
                await self._feed.until_watched()
            try:
                self._metrics = Metrics(await asyncio.to_thread(_text_of, self._metrics_url))
            except Exception:  # any error of the parser: nothing is known
                self._metrics = Metrics()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read_tables(self) -> None:
        while True:
            if not self._feed.watchers:
                self._ledger, self._parity = {}, {}
                await self._feed.until_watched()
            began = time.monotonic()
            try:
                await self._read_ledger_and_parity()
            except Exception:  # any error of the client: nothing is known
                self._ledger, self._parity = {}, {}
            took = time.monotonic() - began
            await asyncio.sleep(max(PAUSE_SECONDS, took * (1 / LARGEST_LEDGER_SHARE - 1)))

    async def _read_ledger_and_parity(self) -> None:
        boards = self._feed.boards.values()
        clocks = {board.taxi_type: board.clock.now for board in boards if board.clock.now}
        asked = {"taxi_types": list(clocks), "clocks": list(clocks.values())}
        async with self._database.connected(LEDGER_SECONDS) as connection:
            reports = await answer(connection, "parity")
            hours = await answer(connection, "ledger", asked, statement_seconds=LEDGER_SECONDS)
        self._parity = {taxi_type: Parity(*report) for taxi_type, *report in reports}
        self._ledger = {taxi_type: LedgerHours(*found) for taxi_type, *found in hours}


def _text_of(url: str) -> str:
    """Return the exporter's text; empty when it does not answer."""
    if not url:
        return ""
    opener = build_opener(ProxyHandler({}))  # ignore proxy variables: the exporter is local
    try:
        with opener.open(url, timeout=EXPORTER_SECONDS) as response:
            return str(response.read().decode())
    except (OSError, ValueError):
        return ""
