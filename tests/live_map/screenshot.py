"""Makes a picture of the running map: python -m tests.live_map.screenshot FILE [--zone ID] [--at TIME]."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.errors import UserError
from stack.console import print_message
from stack.endpoints import Endpoints
from tests.live_map.browser import CHROMIUM, MapPage, chromium

SCREEN: dict[str, Any] = {
    "color_scheme": "light",
    "viewport": {"width": 1280, "height": 784},
    "reduced_motion": "reduce",
}
TIMEOUT_MS = 60_000
TRIPS = re.compile(r" of ([\d,]+) trips?,")


@dataclass(frozen=True)
class Moment:
    """A zone to open, by default the one with the most trips, and a time, by default the newest window."""

    zone_id: int | None = None
    at: datetime | None = None


def take(url: str, file: Path, moment: Moment) -> str:
    """Write the picture in the light theme; return what the page says of the opened zone.

    The page's stream never ends, so each wait is for an element, none for the page to have loaded.
    """
    with chromium() as browser:
        window = browser.new_context(**SCREEN)
        window.set_default_timeout(TIMEOUT_MS)
        page = MapPage(window.new_page())
        page.page.goto(url, wait_until="domcontentloaded")
        _await_fares(page)
        if moment.at:
            _go_to(page, moment.at)
        zone_id = moment.zone_id or _busiest(page)
        page.page.locator(f'.zone[data-zone="{zone_id}"]').dispatch_event("click")
        page.page.locator("#day-chart .curve").wait_for(state="attached")
        page.page.evaluate("document.activeElement.blur()")
        file.parent.mkdir(parents=True, exist_ok=True)
        page.page.screenshot(path=str(file))
        sentence = ": ".join(page.page.inner_text(part) for part in ("#zone-name", "#zone-now"))
        window.close()
    return sentence


def _await_fares(page: MapPage) -> None:
    page.page.locator(".zone[data-average]").first.wait_for(state="attached")
    page.page.locator('.zone[data-zone="1"][aria-label^="Newark Airport"]').wait_for(state="attached")
    page.page.locator("#check-list li").first.wait_for(state="attached")


def _go_to(page: MapPage, at: datetime) -> None:
    page.page.fill("#day", f"{at:%Y-%m-%d}")
    page.page.dispatch_event("#day", "change")
    page.await_clock(f"{at:%Y-%m-%d}")
    page.page.fill("#scrub", str(at.hour * 60 + at.minute))
    page.await_clock(f"{at:%Y-%m-%d %H:%M}")


def _busiest(page: MapPage) -> int:
    trips = {zone_id: TRIPS.search(zone["label"]) for zone_id, zone in page.shown().items()}
    return max(trips, key=lambda zone_id: int(found[1].replace(",", "")) if (found := trips[zone_id]) else 0)


def main(
    file: Annotated[Path, typer.Argument(help="The PNG to write.")],
    zone: Annotated[int | None, typer.Option(help="The zone to open; default: the busiest.")] = None,
    at: Annotated[datetime | None, typer.Option(help="An earlier moment; default: the newest.")] = None,
) -> None:
    """Make a picture of the running stack's live map."""
    url = Endpoints.of_running_stack().extras.get("MAP_URL")
    if not url:
        raise UserError("the live map is left out of this stack", "./taxi up --with map starts it")
    if not CHROMIUM:
        raise UserError("no Chromium is on the PATH", "apt-get install chromium")
    sentence = take(url, file, Moment(zone, at))
    print_message(f"{file}: {file.stat().st_size / 1000:,.0f} kB; {sentence}")


if __name__ == "__main__":
    typer.run(main)
