"""Measures what a page waits for and what many cost: python -m tests.live_map.load [PAGES] [SECONDS]."""

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import psutil
from rich.console import Console

from control_plane.sink import table_sets
from tests.live_map.browser import MapPage, chromium
from tests.live_map.city import NOON, City, map_server
from tests.lone_postgres import lone_postgres
from tests.oracle.real_months import shared_file

TICKS_PER_SECOND = 4
EVENTS = """
() => {
    window.painted = [];
    const note = ({ detail: { readMs, paintedMs } }) => window.painted.push(paintedMs - readMs);
    document.addEventListener("painted", note);
}
"""


class Ticks(threading.Thread):
    """Closes a window of every zone some times a second."""

    def __init__(self, city: City, seconds: float, first_minute: int) -> None:
        super().__init__(daemon=True)
        self._city, self._until, self._minute = city, time.monotonic() + seconds, first_minute

    def run(self) -> None:
        """Until the time is over."""
        minute = self._minute
        while time.monotonic() < self._until:
            began, minute = time.monotonic(), minute + 1
            fares = {zone: (5, 4000 + (zone * 37 + minute * 53) % 20000) for zone in range(1, 264)}
            self._city.put("green", NOON + timedelta(minutes=minute), fares)
            time.sleep(max(0.0, 1 / TICKS_PER_SECOND - (time.monotonic() - began)))


async def read_events(url: str, until: float) -> int:
    """One page's stream; how many events came."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET /events?taxi_type=green HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    count = 0
    while time.monotonic() < until:
        try:
            line = await asyncio.wait_for(reader.readline(), max(0.1, until - time.monotonic()))
        except TimeoutError:
            break
        count += line.startswith(b"event: fares")
    writer.close()
    return count


async def read_all(url: str, pages: int, seconds: float) -> list[int]:
    """So many pages at once."""
    until = time.monotonic() + seconds
    return await asyncio.gather(*(read_events(url, until) for _ in range(pages)))


def server_process(url: str) -> psutil.Process:
    """The process that listens there."""
    port = urlsplit(url).port
    found = next(
        one
        for one in psutil.net_connections("tcp")
        if one.laddr and one.laddr[1] == port and one.status == "LISTEN"
    )
    return psutil.Process(found.pid)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def painted_by(browser: Any, url: str) -> Iterator[list[float]]:
    """Milliseconds from the look at the tables to the paint, filled when the measuring ends."""
    found: list[float] = []
    window = browser.new_context()
    page = MapPage(window.new_page())
    began = time.monotonic()
    page.open(url)
    Console().print(f"ready after {time.monotonic() - began:.2f} s", highlight=False)
    page.page.evaluate(EVENTS)
    yield found
    found += page.page.evaluate("window.painted")
    window.close()


def percentiles(values: list[float]) -> str:
    cuts = quantiles(values, n=100)
    return f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms of {len(values)}"


def main(pages: int, seconds: float) -> None:
    """Print what a page waits for, and what many cost."""
    folder = Path(tempfile.mkdtemp(prefix="taxi-map-"))
    variables = {"TAXI_ZONES_FILE": str(shared_file("zones/taxi_zones.topojson"))}
    # The browser has an event loop of its own in this thread.
    with lone_postgres(folder / "home") as dsn, chromium() as browser, ThreadPoolExecutor(1) as pool:
        table_sets.set_up(dsn)
        city = City(dsn)
        city.fill("green", NOON)
        with map_server(dsn, folder / "map.log", variables) as url:
            process = server_process(url)
            Console().print(f"idle: {process.memory_info().rss / 1e6:.0f} MB", highlight=False)
            for turn, count in enumerate((1, pages)):
                before, began = cpu_seconds(process), time.monotonic()
                ticks = Ticks(city, seconds + 5, first_minute=turn * 1000)
                ticks.start()
                with painted_by(browser, url) as painted:
                    events = pool.submit(asyncio.run, read_all(url, count - 1, seconds)).result()
                    time.sleep(max(0.0, began + seconds - time.monotonic()))
                share = (cpu_seconds(process) - before) / (time.monotonic() - began)
                memory = process.memory_info().rss / 1e6
                lines = (
                    f"{count} pages, {TICKS_PER_SECOND} windows of 263 zones a second:",
                    f"  from the look at the tables to the paint {percentiles(painted)}",
                    f"  {share:.0%} of a core, {memory:.0f} MB",
                    f"  {min(events, default=0)} to {max(events, default=0)} events a page",
                )
                Console().print("\n".join(lines), highlight=False)
                ticks.join()


if __name__ == "__main__":
    main(*(int(number) for number in (*sys.argv[1:], "200", "30")[:2]))
