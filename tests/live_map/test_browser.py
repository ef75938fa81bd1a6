"""The map in a real browser: what it paints is what SQL says."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stack.ports import any_free_port
from stack.probes import get_json
from tests.live_map.browser import MapPage, chromium
from tests.live_map.city import NOON, City, map_server
from tests.live_map.relay import relay
from tests.oracle.real_months import shared_file
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

BOUNDS = (10, 15, 20, 25, 35, 50, 75)
SCREENS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone": {
        "color_scheme": "dark",
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
WITHOUT_STORAGE = """
Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("denied", "SecurityError"); }
});
"""
"""As where site data is blocked."""

OpenMap = Callable[..., MapPage]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def open_map(browser: Any) -> Iterator[OpenMap]:
    """Opens a map in a window of its own; at the end nothing may have gone wrong in any."""
    opened: list[MapPage] = []
    with ExitStack() as windows:

        def open_one(url: str, taxi_type: str = "green", *, storage: bool = True, **screen: Any) -> MapPage:
            # A colour on its way to another is neither.
            window = browser.new_context(**{"reduced_motion": "reduce", **(screen or SCREENS["light"])})
            windows.callback(window.close)
            if not storage:
                window.add_init_script(WITHOUT_STORAGE)
            opened.append(MapPage(window.new_page()))
            opened[-1].open(url, taxi_type)
            return opened[-1]

        yield open_one
        assert [fault for page in opened for fault in page.faults] == []


def level(average: str) -> int:
    return sum(float(average) >= bound for bound in BOUNDS)


def assert_shows(page: MapPage, expected: list[list[Any]]) -> None:
    """Each zone has the average of SQL in the colour of its class, and no other zone has any."""
    shown = page.shown()
    assert {zone: found["average"] for zone, found in shown.items()} == {
        row[0]: row[3] for row in expected if row[0] < 264
    }
    assert all(found["level"] == level(found["average"]) for found in shown.values())
    colours = {found["level"]: found["fill"] for found in shown.values()}
    assert len({*colours.values()}) == len(colours)
    assert all(found["fill"] == colours[found["level"]] for found in shown.values())
    assert len(shown) + page.without_fare() == 263


def test_all_zones_have_the_colour_of_what_sql_says(city: City, server: str, open_map: OpenMap) -> None:
    assert_shows(open_map(server), city.shown("green", NOON))


def test_a_person_who_has_chosen_nothing_is_shown_what_there_is(
    city: City, server: str, open_map: OpenMap
) -> None:
    page = open_map(server, taxi_type="")
    assert page.page.locator("input[name='taxi-type']:checked").get_attribute("value") == "green"
    assert_shows(page, city.shown("green", NOON))


def test_a_window_that_closes_is_painted_by_itself(city: City, server: str, open_map: OpenMap) -> None:
    page = open_map(server)
    city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
    page.await_average(74, "84.0000")
    assert_shows(page, city.shown("green", NOON + timedelta(minutes=1)))
    assert "12:01" in page.page.inner_text("#clock")


def test_a_late_trip_changes_its_zone(city: City, server: str, open_map: OpenMap) -> None:
    city.put("green", NOON, {74: (1, 1000)})
    page = open_map(server)
    page.await_average(74, "10.0000")
    city.put_late("green", 74, NOON - timedelta(minutes=3), 3000, number=1)
    page.await_average(74, "20.0000")


def test_an_earlier_moment_shows_what_sql_says_of_it_and_live_returns(
    city: City, server: str, open_map: OpenMap
) -> None:
    page = open_map(server)
    page.page.fill("#scrub", str(11 * 60 + 7))
    page.await_clock("11:07")
    assert_shows(page, city.shown("green", NOON - timedelta(minutes=53)))
    city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
    page.page.click("#live")
    page.await_clock("12:01")
    assert_shows(page, city.shown("green", NOON + timedelta(minutes=1)))


def test_the_clock_can_be_held_played_and_moved(city: City, server: str, open_map: OpenMap) -> None:
    page = open_map(server)
    page.page.click("#run")
    page.await_text("#pace", "earlier time")
    page.page.click("#back")
    page.await_clock("11:45")
    page.page.get_by_role("button", name="Play").click()
    page.await_text("#live[aria-pressed='true']", "Live")
    page.await_clock("12:00")


def test_playing_twice_is_not_twice_as_fast(city: City, server: str, open_map: OpenMap) -> None:
    page = open_map(server)
    page.page.fill("#scrub", str(11 * 60))
    page.await_clock("11:00")
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    for _ in range(3):  # play, pause, play
        page.page.evaluate("document.getElementById('run').click()")
    page.await_text("#live[aria-pressed='true']", "Live")
    # The first step may be asked for twice.
    assert 12 <= len([url for url in asked if "api/fares" in url]) <= 13


@pytest.mark.parametrize(
    ("day", "shows"), [("12345-01-01", "12:00"), ("9999-12-31", "12:00"), ("0001-01-01", "10:01")]
)
def test_a_day_that_is_not_served_leads_to_the_nearest(
    city: City, server: str, open_map: OpenMap, day: str, shows: str
) -> None:
    page = open_map(server)
    page.page.locator("#day[min='2023-12-15']").wait_for()
    page.page.evaluate(
        "day => { const field = document.getElementById('day'); field.value = day;"
        " field.dispatchEvent(new Event('change', { bubbles: true })); }",
        day,
    )
    page.await_clock(f"2023-12-15 {shows}")


def test_a_browser_that_keeps_nothing_shows_the_map(city: City, server: str, open_map: OpenMap) -> None:
    page = open_map(server, storage=False)
    page.page.click("#theme")
    assert page.page.get_attribute("html", "data-theme") == "light"
    assert_shows(page, city.shown("green", NOON))


def test_no_colour_of_the_system_hides_a_state(city: City, server: str, open_map: OpenMap) -> None:
    """With forced colours, what was chosen, the levels and the checks still differ."""
    page = open_map(server, forced_colors="active")
    backgrounds = [
        page.page.evaluate(
            "selector => getComputedStyle(document.querySelector(selector)).backgroundColor",
            f"{selector} + span",
        )
        for selector in ("#types input:checked", "#types input:not(:checked)")
    ]
    assert backgrounds[0] != backgrounds[1]
    borders = page.page.evaluate(
        "[...document.querySelectorAll('#legend span')].map(one => getComputedStyle(one).borderTopColor)"
    )
    assert len(set(borders)) == len(borders)
    page.page.click("#badge")
    page.await_text("#check-list", "Passed.")
    assert (
        page.page.evaluate(
            "getComputedStyle(document.querySelector('[data-state=good] > .dot')).backgroundColor"
        )
        == "rgb(26, 127, 55)"
    )


def test_it_goes_on_after_the_server_was_away(city: City, tmp_path: Path, open_map: OpenMap) -> None:
    port = any_free_port()
    with map_server(city.dsn, tmp_path / "log", port=port) as url:
        page = open_map(url)
    page.await_text("#notice", "does not answer")
    assert page.page.get_attribute("#badge", "data-state") == "unknown"
    city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
    with map_server(city.dsn, tmp_path / "log", port=port):
        page.await_average(74, "84.0000")
        assert_shows(page, city.shown("green", NOON + timedelta(minutes=1)))


def test_it_goes_on_after_the_network_was_cut(city: City, server: str, open_map: OpenMap) -> None:
    with relay(int(server.rpartition(":")[2])) as line:
        page = open_map(f"http://127.0.0.1:{line.port}/")
        line.cut()
        page.await_text("#notice", "does not answer")
        city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
        line.join()
        page.await_average(74, "84.0000")


def test_it_says_that_postgres_is_away_and_goes_on(city: City, tmp_path: Path, open_map: OpenMap) -> None:
    with relay(city.port) as line, map_server(city.behind(line.port).dsn, tmp_path / "log") as url:
        page = open_map(url)
        line.cut()
        page.await_text("#notice", "Postgres does not answer")
        assert page.page.get_attribute("#badge", "data-state") == "bad"
        assert len(page.shown()) > 200
        city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
        line.join()
        page.await_average(74, "84.0000")


def test_a_name_that_is_code_is_text(city: City, server: str, open_map: OpenMap) -> None:
    name = '<img src=x onerror="document.title=1"><b>bold'
    try:
        city.execute("update taxi.zones set zone_name = %(name)s where zone_id = 74", {"name": name})
        page = open_map(server)
        page.page.locator('.zone[data-zone="74"]').click(force=True)
        page.await_text("#zone-name", name)
        assert page.page.title() == "New York by taxi, now"
        assert page.page.locator("img, #zone b").count() == 0
    finally:
        city.execute("update taxi.zones set zone_name = 'East Harlem North' where zone_id = 74")


def test_the_number_of_a_zone_opens_where_it_comes_from(city: City, server: str, open_map: OpenMap) -> None:
    city.put("green", NOON, {74: (1, 1000)})
    code = "<img src=x onerror='document.title=1'>.parquet"
    city.put_late("green", 74, NOON - timedelta(minutes=3), 3000, number=1)
    city.execute("update taxi_1.all_trips set source_file = %(file)s", {"file": code})
    page = open_map(server)
    page.page.locator('.zone[data-zone="74"]').dispatch_event("click")
    page.page.locator("#zone-now").focus()
    page.page.keyboard.press("Enter")
    page.await_text("#origin-served", "green, zone 74 (East Harlem North, Manhattan)")
    page.await_text("#origin-parts li", "1 trip, $30.00: late, added when they came")
    page.await_text("#origin-parts li", f"from {code}")
    assert page.page.get_attribute("#zone-now", "aria-expanded") == "true"
    assert (page.page.title(), page.page.locator("#zone img").count()) == ("New York by taxi, now", 0)
    page.page.keyboard.press("Enter")
    page.page.locator("#origin").wait_for(state="hidden")


def test_an_explanation_belongs_to_one_number(city: City, server: str, open_map: OpenMap) -> None:
    """It stays while the clock goes on, and goes when another zone or taxi type is looked at."""
    city.put("green", NOON, {74: (1, 1000), 75: (1, 1000)})
    page = open_map(server)
    page.page.locator('.zone[data-zone="74"]').dispatch_event("click")
    page.page.click("#zone-now")
    page.await_text("#origin-served", "2023-12-15 12:00: 1 trip, $10.00")
    city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
    page.await_average(74, "84.0000")
    page.await_text("#origin-served", "2023-12-15 12:00: 1 trip, $10.00")
    page.page.locator('.zone[data-zone="75"]').dispatch_event("click")
    page.page.locator("#origin").wait_for(state="hidden")
    page.page.click("#zone-now")
    page.await_text("#origin-served", "zone 75")
    page.page.locator('input[name="taxi-type"][value="yellow"]').check(force=True)
    page.page.locator("#origin").wait_for(state="hidden")
    page.page.click("#zone-now")
    page.await_text("#origin-served", "No window of this zone with a trip has closed within the hour.")


def test_every_zone_can_be_reached_and_opened_by_the_keyboard(
    city: City, server: str, open_map: OpenMap
) -> None:
    page = open_map(server)
    page.page.locator(".zone[tabindex='0']").focus()
    assert page.page.locator(".zone[tabindex='0']").count() == 1
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowRight"):
        page.page.keyboard.press(key)
    zone = page.page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.page.keyboard.press("Enter")
    page.page.locator("#zone").wait_for()
    assert zone.startswith(page.page.inner_text("#zone-name"))
    page.page.keyboard.press("Escape")
    assert page.page.evaluate("document.activeElement.getAttribute('aria-label')") == zone


def test_the_highest_fares_have_a_minimum_of_trips(city: City, server: str, open_map: OpenMap) -> None:
    city.put("green", NOON, {74: (2, 60000), 75: (5, 100000)})
    page = open_map(server)
    page.await_average(74, "300.0000")
    page.await_text("#ranking-rows tr:first-child", "$200.00")
    page.page.fill("#least", "1")
    page.await_text("#ranking-rows tr:first-child", "$300.00")


def test_nothing_moves_for_those_who_want_it_so(city: City, server: str, open_map: OpenMap) -> None:
    durations = [
        open_map(server, reduced_motion=wanted).page.evaluate(
            "getComputedStyle(document.querySelector('.zone')).transitionDuration"
        )
        for wanted in ("reduce", "no-preference")
    ]
    assert durations == ["0s", "0.25s"]


def clients(server: str) -> int:
    return int(get_json(f"{server}/health")["clients"])


def test_a_hidden_page_lets_go_of_its_connection_and_resumes(
    city: City, server: str, open_map: OpenMap
) -> None:
    page = open_map(server)
    page.hide(True)
    wait_for(lambda: clients(server) == 0, what="the page to let go")
    city.put("green", NOON + timedelta(minutes=1), {74: (3, 25200)})
    page.hide(False)
    page.await_average(74, "84.0000")
    assert_shows(page, city.shown("green", NOON + timedelta(minutes=1)))


@pytest.mark.parametrize("screen", SCREENS)
def test_it_can_be_used_by_everybody_on_every_screen(
    city: City, tmp_path: Path, open_map: OpenMap, screen: str
) -> None:
    """Axe finds nothing, nothing is wider than the screen, and a screenshot is left."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not in this environment"
    )
    shapes = str(shared_file("zones/taxi_zones.topojson"))
    with map_server(city.dsn, tmp_path / "log", {"TAXI_ZONES_FILE": shapes}) as url:
        page = open_map(url, **SCREENS[screen])
        page.await_text("#ranking-rows", "Manhattan")
        page.picture(screen)
        page.page.click("#badge")
        page.page.locator('.zone[data-zone="74"]').dispatch_event("click")
        page.await_text("#day-summary", "Last 24 hours")
        page.page.click("#zone-now")
        page.await_text("#origin-parts", "Written and confirmed by")
        page.picture(f"{screen}-zone")
        found = axe.Axe().run(page.page)
    assert found.violations_count == 0, found.generate_report()
    assert page.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
