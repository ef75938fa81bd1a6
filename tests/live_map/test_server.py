"""The map's server on a real database: what it streams is what SQL says, through every outage."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from live_map.database import Database
from stack.ports import any_free_port
from tests.live_map.city import NOON, City, map_server
from tests.live_map.events import Event, client, events_of, first, stream
from tests.live_map.relay import relay
from tests.oracle.real_months import REPOSITORY, shared_file
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

ADDRESSES = ("/", "/map.js", "/map.css", "/checks.html", "/api/zones", "/api/names", "/health", "/nowhere")
RUNNING = "select count(*) from pg_stat_activity where application_name = 'taxi-map'"


def get(url: str, **headers: str) -> httpx.Response:
    return client().get(url, headers=headers)


def notice(url: str) -> str:
    return str(get(f"{url}/api/zones").json()["notice"])


def one_after(moment: datetime) -> datetime:
    return moment + timedelta(minutes=1)


def test_a_new_page_gets_what_sql_says(city: City, server: str) -> None:
    with stream(server) as events:
        event = first(events, "fares")
    assert event.event_id.startswith("2023-12-15T12:00~")
    assert event.data["full"]
    assert sorted(event.data["zones"]) == city.shown("green", NOON)
    assert len(event.zones) > 200


def test_another_taxi_type_has_none_of_it(city: City, server: str) -> None:
    with stream(server, "yellow") as events:
        event = first(events, "fares")
    assert (event.data["zones"], event.data["clock"]) == ([], None)


def test_a_window_that_closes_reaches_the_page_by_itself(city: City, server: str) -> None:
    with stream(server) as events:
        first(events, "fares")
        city.put("green", one_after(NOON), {74: (3, 4200)})
        event = first(events, "fares")
    assert event.data["zones"] == [[74, "2023-12-15T12:01", 3, "14.0000"]]
    assert event.event_id.startswith("2023-12-15T12:01~")


def test_a_late_trip_changes_its_zone(city: City, server: str) -> None:
    city.put("green", NOON, {74: (1, 1000)})
    with stream(server) as events:
        first(events, "fares")
        city.put_late("green", 74, NOON - timedelta(minutes=3), 3000, number=1)
        event = first(events, "fares")
    assert event.data["zones"] == [[74, "2023-12-15T12:00", 2, "20.0000"]]


def test_a_page_that_was_away_gets_what_it_missed_and_nothing_twice(city: City, server: str) -> None:
    with stream(server) as kept, stream(server) as events:
        first(kept, "fares")
        left_at = first(events, "fares").event_id
        city.put("green", one_after(NOON), {74: (3, 4200)})
        first(kept, "fares")
        city.put("green", NOON + timedelta(minutes=2), {75: (1, 900)})
        first(kept, "fares")
        with stream(server, last_event_id=left_at) as resumed:
            event = first(resumed, "fares")
    assert not event.data["full"]
    assert event.zones.keys() == {74, 75}


def test_a_page_goes_on_at_a_server_that_began_again(city: City, tmp_path: Path) -> None:
    port = any_free_port()
    with map_server(city.dsn, tmp_path / "log", port=port) as url, stream(url) as events:
        left_at = first(events, "fares").event_id
    city.put("green", one_after(NOON), {74: (3, 4200)})
    with (
        map_server(city.dsn, tmp_path / "log", port=port) as url,
        stream(url, last_event_id=left_at) as events,
    ):
        event = first(events, "fares")
    assert event.data["full"]
    assert sorted(event.data["zones"]) == city.shown("green", one_after(NOON))


@pytest.mark.parametrize("version", ["9" * 5000, "٣", "-1", "1e3", "", "999999999999"])
def test_a_position_that_never_was_gets_everything(city: City, server: str, version: str) -> None:
    with stream(server) as kept:
        run = first(kept, "fares").event_id.partition("~")[2].rpartition("-")[0]
        # A header takes no other alphabet, an address does.
        asked = f"{server}/events?taxi_type=green&last_event_id={quote(f'x~{run}-{version}')}"
        with client().stream("GET", asked) as answer:
            event = first(events_of(answer), "fares")
    assert event.data["full"]


def test_an_outage_of_the_database_is_said_and_heals(city: City, tmp_path: Path) -> None:
    with (
        relay(city.port) as line,
        map_server(city.behind(line.port).dsn, tmp_path / "log") as url,
        stream(url) as events,
    ):
        first(events, "fares")
        line.cut()
        lost = first(events, "health", lambda event: bool(event.data["outage"]))
        assert lost.data["checks"][0]["state"] == "bad"
        refused = get(f"{url}/api/fares?taxi_type=green&at=2023-12-15T12:00")
        assert (refused.status_code, list(refused.json())) == (503, ["error"])
        city.put("green", one_after(NOON), {74: (3, 4200)})
        line.join()
        assert first(events, "fares").zones[74] == [74, "2023-12-15T12:01", 3, "14.0000"]
        assert first(events, "health", lambda event: not event.data["outage"])


@pytest.mark.long("waits for a database that does not answer, twelve seconds twice")
def test_a_database_that_freezes_is_said_and_heals(city: City, tmp_path: Path) -> None:
    """Its connections stay open, so that nothing but the clock tells."""
    with (
        relay(city.port) as line,
        map_server(city.behind(line.port).dsn, tmp_path / "log") as url,
        stream(url) as events,
    ):
        first(events, "health", lambda event: event.data["checks"][0]["state"] == "good")
        line.freeze()
        lost = first(events, "health", lambda event: bool(event.data["outage"]))
        assert lost.data["outage"] == "silent for 12 s"
        refused = get(f"{url}/api/fares?taxi_type=green&at=2023-12-15T12:00")
        assert (refused.status_code, list(refused.json())) == (503, ["error"])
        city.put("green", one_after(NOON), {74: (3, 4200)})
        line.thaw()
        assert first(events, "fares").zones[74] == [74, "2023-12-15T12:01", 3, "14.0000"]
        assert first(events, "health", lambda event: not event.data["outage"])


class Exporter(BaseHTTPRequestHandler):
    """Serves what the platform's exporter would, or anything else."""

    text = b""

    def do_GET(self) -> None:
        """One scrape."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def exporter() -> Iterator[str]:
    """The address of an exporter that a test fills."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Exporter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
        server.shutdown()


def job_state(event: Event) -> str:
    return str(next(check["state"] for check in event.data["checks"] if check["name"] == "Job"))


def test_the_health_of_the_job_is_what_the_exporter_says_now(
    city: City, exporter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = (
        'taxi_reading_up{reading="job"} 1\n'
        f'taxi_reading_timestamp_seconds{{reading="job"}} {time.time()}\n'
        'taxi_job_verdict{job_name="zone_fares",verdict="healthy"} 1\n'
    )
    with (
        map_server(city.dsn, tmp_path / "log", {"PLATFORM_METRICS_URL": exporter}) as url,
        stream(url) as events,
    ):
        for text, state in ((healthy, "good"), ("{ nonsense", "unknown"), (healthy, "good"), ("", "unknown")):
            monkeypatch.setattr(Exporter, "text", text.encode())
            assert first(events, "health", lambda event, state=state: job_state(event) == state)  # type: ignore[misc]


def test_a_map_that_starts_before_the_database_waits_for_it(city: City, tmp_path: Path) -> None:
    with relay(city.port) as line:
        line.cut()
        with map_server(city.behind(line.port).dsn, tmp_path / "log") as url, stream(url) as events:
            assert first(events, "health").data["outage"]
            line.join()
            assert first(events, "fares", lambda event: bool(event.zones)).data["clock"] == "2023-12-15T12:00"


def test_an_earlier_moment_is_what_sql_says_of_it(city: City, server: str) -> None:
    at = NOON - timedelta(minutes=37)
    found = get(f"{server}/api/fares?taxi_type=green&at={at:%Y-%m-%dT%H:%M}").json()
    assert found["zones"] == city.shown("green", at)


def test_one_can_go_back_as_far_as_is_served(city: City, server: str) -> None:
    span = get(f"{server}/api/span?taxi_type=green").json()
    assert span == {"earliest": "2023-12-15T10:01", "latest": "2023-12-15T12:00", "months": []}


def test_a_zones_day_is_its_quarters_of_an_hour(city: City, server: str) -> None:
    found = get(f"{server}/api/zone?taxi_type=green&zone_id=74&at=2023-12-15T12:00").json()
    ends = [end for end, _, _ in found["day"]]
    assert set(ends) <= {
        f"2023-12-15T{hour}:{minute}" for hour in (10, 11, 12) for minute in ("00", "15", "30", "45")
    }
    assert (len(ends) > 5, found["usual"]) == (True, None)


USUAL = """
create schema marts;
create table marts.agg_zone_weekday_hour as
select
    'green' as taxi_type, 74 as pickup_zone_id, 5 as iso_weekday, 11 as hour_of_day, 16 as windows,
    9.5000 as low_average, 14.0000 as median_average, 21.0000 as high_average
"""


def test_what_is_usual_is_that_of_the_weekday_and_hour_in_which_the_window_began(
    city: City, server: str
) -> None:
    def usual(at: str) -> Any:
        return get(f"{server}/api/zone?taxi_type=green&zone_id=74&at=2023-12-15T{at}").json()["usual"]

    city.execute(USUAL)
    try:
        assert usual("12:14") == {"windows": 16, "low": "9.5000", "median": "14.0000", "high": "21.0000"}
        assert usual("12:15") is None
        city.execute("update marts.agg_zone_weekday_hour set windows = 7")
        assert usual("12:14") is None
    finally:
        city.execute("drop schema marts cascade")


def test_the_origin_of_a_number_is_what_sql_says_of_it(city: City, server: str) -> None:
    city.put("green", NOON, {74: (1, 1000)})
    city.put_late("green", 74, NOON - timedelta(minutes=3), 3000, number=1)
    found = get(f"{server}/api/explain?taxi_type=green&zone_id=74&at=2023-12-15T12:00").json()
    with psycopg.connect(city.dsn) as connection:
        said = connection.execute(
            "select part, says from taxi.explain_window('green', 74, '2023-12-15 12:00')"
        ).fetchall()
    assert [(part["part"], part["says"]) for part in found["parts"]] == said
    trips = {part["part"]: part["trips"] for part in found["parts"][:4]}
    assert trips == {"served": 2, "on_time": 1, "late": 1, "published": 0}
    assert (found["window_end"], found["zone_id"]) == ("2023-12-15T12:00", 74)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("fares?taxi_type=red&at=2023-12-15T12:00", "unknown taxi_type"),
        ("fares?taxi_type=green&at=soon", "at is not a time"),
        ("fares?taxi_type=green&at=2023-12-15T12:00%2B05:00", "at has a time zone"),
        ("fares?taxi_type=green", "at is not a time"),
        ("zone?taxi_type=green&zone_id=266&at=2023-12-15T12:00", "zone_id is not a zone"),
        ("zone?taxi_type=green&zone_id=1;drop&at=2023-12-15T12:00", "zone_id is not a zone"),
        ("zone?taxi_type=green&at=2023-12-15T12:00", "zone_id is not a zone"),
        ("zone?taxi_type=green&zone_id=0000000749999&at=2023-12-15T12:00", "zone_id is not a zone"),
        (f"zone?taxi_type=green&zone_id={'7' * 5000}&at=2023-12-15T12:00", "zone_id is not a zone"),
        ("fares?taxi_type=green&at=2023-12-15T12:00%00", "at is not a time"),
        ("explain?taxi_type=green&zone_id=74&at=soon", "at is not a time"),
        ("explain?taxi_type=green&zone_id=74&at=2019-05-01T12:00", "no green trips of 2019-05 are served; "),
        ("explain?taxi_type=green&zone_id=74&at=2023-12-15T13:00", "the window has not closed yet"),
        (
            "explain?taxi_type=green&zone_id=74&at=2023-12-15T11:00:30",
            "no window ends at 2023-12-15 11:00:30",
        ),
    ],
)
def test_nonsense_is_refused_in_a_sentence(city: City, server: str, question: str, says: str) -> None:
    answer = get(f"{server}/api/{question}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(says)


def test_only_a_browser_of_this_machine_that_knows_it_as_such_is_let_in(server: str) -> None:
    """A foreign page may have its own name lead to 127.0.0.1: then the name is in the header."""
    for host in ("evil.example", "evil.example:8088", "127.0.0.1.evil.example", ""):
        assert get(f"{server}/api/names", Host=host).status_code == 400, host
    for host in ("localhost:8088", "127.0.0.1"):
        assert get(f"{server}/api/names", Host=host).is_success, host


def test_every_answer_keeps_to_itself(server: str) -> None:
    for address in ADDRESSES:
        headers = get(f"{server}{address}", Origin="http://evil.example").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, address
        assert "unsafe" not in policy
        assert "access-control-allow-origin" not in headers
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_needs_nothing_from_elsewhere() -> None:
    for file in (REPOSITORY / "live_map" / "page").iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"https?://|//[a-z]+\.[a-z]|innerHTML|insertAdjacentHTML|document\.write", text
        ), file


def test_postgres_itself_keeps_it_from_writing(city: City) -> None:
    async def write() -> None:
        async with Database(city.dsn).connected() as connection:
            await connection.execute(b"delete from taxi.zones")

    # The tests' browser has an event loop of its own in this thread.
    with ThreadPoolExecutor(1) as pool, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        pool.submit(asyncio.run, write()).result()


def connections(city: City) -> int:
    with psycopg.connect(city.dsn) as connection:
        ((count,),) = connection.execute(RUNNING).fetchall()
    return int(count)


def test_any_number_of_pages_look_by_one_connection_and_none_by_none(city: City, server: str) -> None:
    opened = [stream(server) for _ in range(20)]
    for page in opened:
        first(page.__enter__(), "fares")
    # The ledger has one of its own, now and then.
    assert connections(city) <= 2
    for page in opened:
        page.__exit__(None, None, None)
    wait_for(lambda: connections(city) == 0, what="the map to let go of the database")


def test_who_empties_the_tables_does_not_wait_for_a_page(city: City, server: str) -> None:
    """A reader gives way before Postgres looks for a deadlock, whose victim could be the writer."""
    with stream(server) as events, psycopg.connect(city.dsn) as connection:
        first(events, "fares")
        connection.execute("truncate taxi_1.on_time_windows")
        connection.execute("select pg_sleep(1.5)")
        connection.commit()
        assert first(events, "fares").data["clock"] is None


@pytest.mark.long("waits until a client's buffers are full")
def test_a_client_that_does_not_read_is_dropped_and_holds_up_nobody(city: City, server: str) -> None:
    _, _, port = server.rpartition(":")
    sleeper = socket.socket()
    sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    sleeper.connect(("127.0.0.1", int(port)))
    sleeper.sendall(b"GET /events?taxi_type=green HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    with stream(server) as events:
        first(events, "fares")
        wait_for(lambda: get(f"{server}/health").json()["clients"] == 2, what="both clients")
        until, minute = time.monotonic() + 60, NOON
        while get(f"{server}/health").json()["clients"] == 2 and time.monotonic() < until:
            minute = one_after(minute)
            city.put("green", minute, dict.fromkeys(range(1, 264), (1, 1000 + minute.minute)))
            assert len(first(events, "fares").zones) == 263
    assert time.monotonic() < until
    sleeper.close()


def write(path: Path, document: Any) -> str:
    path.write_text(json.dumps(document) if not isinstance(document, str) else document)
    return str(path)


def test_shapes_that_are_at_hand_are_drawn(city: City, tmp_path: Path) -> None:
    file = shared_file("zones/taxi_zones.topojson")
    for variables in ({"TAXI_ZONES_FILE": str(file)}, {"TLC_DATA_DIR": str(file.parent.with_name("months"))}):
        with map_server(city.dsn, tmp_path / "log", variables) as url:
            drawing = get(f"{url}/api/zones").json()
        assert (drawing["notice"], len(drawing["zones"])) == ("", 263)
        assert sum("a" in zone["path"] for zone in drawing["zones"]) == 0


@pytest.mark.parametrize(
    ("name", "document", "says"),
    [
        ("zones.geojson", "<html>", "cannot read the file"),
        ("zones.zip", "<html>", "cannot read zones.zip"),
        ("zones.geojson", {"type": "FeatureCollection", "features": []}, "has no zones"),
        (
            "zones.geojson",
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "properties": {"LocationID": 999},
                        "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]},
                    }
                ],
            },
            "has the unknown zone 999",
        ),
        (
            "zones.geojson",
            {"features": [{"properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]},
            "a zone has no property LocationID",
        ),
        ("zones.shp", "", "cannot read zones.shp"),
    ],
)
def test_a_file_of_something_else_is_said_and_costs_only_the_shapes(
    city: City, tmp_path: Path, name: str, document: Any, says: str
) -> None:
    file = write(tmp_path / name, document)
    with map_server(city.dsn, tmp_path / "log", {"TAXI_ZONES_FILE": file}) as url:
        assert says in notice(url)
        assert len(get(f"{url}/api/zones").json()["zones"]) == 263


def test_without_any_shapes_there_are_circles(server: str) -> None:
    assert "./taxi fetch --zones" in notice(server)
