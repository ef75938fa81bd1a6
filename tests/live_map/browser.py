"""A real browser that looks at the map."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stack.settings import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
PICTURES = Path(os.environ.get("TAXI_TEST_PICTURES", ROOT / ".taxi" / "pictures"))
"""Where screenshots are left for people."""

SHOWN = """
() => [...document.querySelectorAll(".zone[data-average]")].map((zone) => ({
    zone: Number(zone.dataset.zone), average: zone.dataset.average, level: Number(zone.dataset.level),
    fill: getComputedStyle(zone).fill, label: zone.getAttribute("aria-label"),
}))
"""
EMPTY = "() => document.querySelectorAll('.zone:not([data-average])').length"
HIDE = """
(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}
"""


@dataclass
class MapPage:
    """An open map; what went wrong in it is noted."""

    page: Any
    faults: list[str] = field(default_factory=list)

    def open(self, url: str, taxi_type: str = "green") -> None:
        """Look at a map, of this taxi type if one is named, and wait for its first fares."""
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(url)
        if taxi_type:  # there are zones whose names begin like it
            self.page.locator(f'input[name="taxi-type"][value="{taxi_type}"]').check(force=True)
        self.await_clock(", 2023-12")
        # The names come by a request of their own.
        self.page.locator('.zone[data-zone="1"][aria-label^="Newark Airport"]').wait_for(state="attached")

    def await_clock(self, text: str) -> None:
        """Wait until the clock shows something."""
        self.page.locator("#clock", has_text=text).wait_for(timeout=60_000)

    def await_text(self, selector: str, text: str) -> None:
        """Wait until a part of the page says something."""
        self.page.locator(selector, has_text=text).first.wait_for(timeout=60_000)

    def shown(self) -> dict[int, dict[str, Any]]:
        """The zones that have a fare, as they are painted."""
        return {zone["zone"]: zone for zone in self.page.evaluate(SHOWN)}

    def without_fare(self) -> int:
        """How many zones have none."""
        return int(self.page.evaluate(EMPTY))

    def hide(self, hidden: bool) -> None:
        """Have the page believe that another tab is looked at, or that it is looked at again."""
        self.page.evaluate(HIDE, hidden)

    def await_average(self, zone_id: int, average: str) -> None:
        """Wait until a zone shows this average."""
        self.page.locator(f'.zone[data-zone="{zone_id}"][data-average="{average}"]').wait_for(
            state="attached", timeout=60_000
        )

    def picture(self, name: str) -> None:
        """Leave a screenshot."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"))

    def _note(self, message: Any) -> None:
        # A line that a test cuts is an error to the browser, but none of the page's.
        if message.type == "error" and "net::ERR" not in message.text and "503" not in message.text:
            self.faults.append(message.text)


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; where there is none, the tests are skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not in this environment")
    if not CHROMIUM:
        pytest.skip("there is no Chromium on the PATH: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        # Its sandbox does not run as root.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()
