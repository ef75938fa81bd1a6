"""Which trips an audit waits for: those whose quarter of an hour the event clock has not closed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from control_plane.accounting import audit
from control_plane.jobs.status import JobThroughput
from control_plane.sink import table_sets as tables
from control_plane.sink.ledger import Ledger, LedgerEntry
from control_plane.sink.table_sets import FIRST_SET
from producer.instants import instant_of
from stack.endpoints import Endpoints
from stack.locks import file_lock
from tests.control_plane.accounting.test_audit import JOB

pytestmark = pytest.mark.integration

DROPOFFS = ("10:44:59", "10:45:00", "10:59:59", "11:00:00", "11:10:00")


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2024-01-10 {clock}")


@pytest.fixture(scope="module")
def stored(stack: Endpoints) -> Iterator[Endpoints]:
    """A few trips around eleven o'clock."""
    tables.empty(stack.postgres_dsn, FIRST_SET)
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.cursor().executemany(
            "insert into taxi_1.all_trips (trip_id, taxi_type, source_file, source_month, pickup_at,"
            " dropoff_at, pickup_zone_id, total_amount_cents, on_time)"
            " values (%s, 'green', 'f', '2024-01-01', '2024-01-10 10:00', %s, 74, 100, true)",
            [(UUID(int=number), at(clock)) for number, clock in enumerate(DROPOFFS)],
        )
    yield stack
    tables.empty(stack.postgres_dsn, FIRST_SET)


@pytest.fixture
def endpoints(stored: Endpoints, tmp_path: Path) -> Endpoints:
    """These trips, and a home without replays."""
    return replace(stored, home=tmp_path)


def open_trips(endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch, flow: JobThroughput) -> int:
    monkeypatch.setattr(audit, "_job_status", lambda _: replace(JOB, flow=flow))
    return audit.take_snapshot(endpoints).open_trips


@pytest.mark.parametrize(
    ("watermark", "trips"),
    [
        ("10:44:00", 5),  # the quarter that ends at 10:45 is open
        ("10:45:00", 4),  # closed to 10:45, where the next quarter begins
        ("10:59:59", 4),
        ("11:00:00", 2),
        ("11:15:00", 0),
    ],
)
def test_trips_of_quarters_that_the_watermark_has_not_closed_are_open(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch, watermark: str, trips: int
) -> None:
    flow = JobThroughput(lag_records=0, watermark_ms=instant_of(at(watermark)))
    assert open_trips(endpoints, monkeypatch, flow) == trips


def test_a_window_closes_a_millisecond_before_its_end(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = JobThroughput(lag_records=0, watermark_ms=instant_of(at("11:00:00")) - 1)
    assert open_trips(endpoints, monkeypatch, flow) == 2
    flow = JobThroughput(lag_records=0, watermark_ms=instant_of(at("11:00:00")) - 2)
    assert open_trips(endpoints, monkeypatch, flow) == 4


def test_without_a_watermark_the_publishers_slowest_clock_says_how_far_it_would_be(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a minute of disorder behind 11:00:59 is 10:59:59, behind 11:01:00 it is 11:00
    for slowest, trips in (("11:00:59", 4), ("11:01:00", 2)):
        clocks = (instant_of(at(slowest)), instant_of(at("12:00:00")))
        flow = JobThroughput(lag_records=0, event_clocks_ms=clocks)
        assert open_trips(endpoints, monkeypatch, flow) == trips
    assert open_trips(endpoints, monkeypatch, JobThroughput(lag_records=0)) == len(DROPOFFS)


def test_a_lost_trip_is_described_by_what_stands_in_its_hour_alone(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 10:44:59 to 10:59:59 are of that hour, 11:00:00 is of the next
    lost = LedgerEntry("green", 4, 2, 0, 0, 0, 0, 0, imbalance=2, event_hour=at("10:00:00"))
    ledger = Ledger((lost,), records_in_kafka=4)
    for taxi_type, clock, trips in (
        ("green", "10:00:00", 3),
        ("green", "11:00:00", 2),
        ("yellow", "10:00:00", 0),
    ):
        hour = replace(lost, taxi_type=taxi_type, event_hour=at(clock))
        monkeypatch.setattr(audit, "read_hours", lambda _, hour=hour: (hour,))
        (hole,) = audit.holes(endpoints, ledger)
        same = "agrees with the windows" if trips == lost.windowed else f"has {trips}, the windows have 2"
        assert hole.story.endswith(f"2 read but not stored (taxi.trips {same})")


def test_a_job_that_does_not_run_has_no_open_trips_and_a_replay_is_seen_by_its_lock(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_job_status", lambda _: replace(JOB, is_running=False))
    assert audit.take_snapshot(endpoints).open_trips == 0
    assert audit.take_snapshot(endpoints).publisher == ""
    folder = endpoints.home / "replays"
    folder.mkdir()
    (folder / "ended.lock").touch()
    with file_lock(folder / "running.lock", "waiting"):
        assert audit.take_snapshot(endpoints).publisher == "a process of this home"
    assert audit.take_snapshot(endpoints).publisher == ""
