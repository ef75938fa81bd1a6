"""Trips that come when their minute has closed: their windows are corrected, once."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from control_plane.jobs import lifecycle as job
from control_plane.sink.ledger import LedgerEntry
from schemas.jobs import DEFAULT_JOB as JOB
from stack.services.flink import TASKMANAGER
from stack.services.postgres_installation import NAME as POSTGRES
from stack.supervision.supervisor import Supervisor
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days, part_of
from tests.platform import Platform
from tests.records import at, millis, move_event_clock, publish, schema_id, trip_record
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

ON_TIME, TWO_MINUTES, TEN_MINUTES, TWO_HOURS, ELSEWHERE = (
    f"0b7a2c1e-0000-4000-8000-00000000000{number}" for number in range(5)
)
SERVED = "select * from taxi.zone_fares_15m order by 1, 2, 4"
LATE_TRIPS = "select trip_id::text, lateness, windows_corrected from taxi.late_trips order by 1"
TRIPS = "select trip_id::text, on_time from taxi.trips order by 1"


def green(platform: Platform) -> LedgerEntry:
    """The accounts of the green trips at the next quiet point."""
    return next(entry for entry in platform.balanced_ledger().entries if entry.taxi_type == "green")


def windows(platform: Platform, zone: int) -> dict[str, tuple[int, int]]:
    """The trips and cents of each window of a zone, by the clock of its end."""
    rows = platform.query(
        "select to_char(window_end, 'HH24:MI'), trips, total_amount_cents from taxi.zone_fares_15m"
        f" where pickup_zone_id = {zone}"
    )
    return {end: (trips, cents) for end, trips, cents in rows}


def ends(first: str, count: int = 15) -> list[str]:
    """The clocks of so many window ends, a minute apart."""
    return [f"{at(first) + timedelta(minutes=number):%H:%M}" for number in range(count)]


def publish_at(platform: Platform, clock: str, *records: bytes) -> None:
    """Put records on the topic whose publisher's event clock stands there."""
    publish(platform, records, timestamp_ms=millis(at(clock)))


def test_a_late_trip_is_counted_in_its_fifteen_windows_however_late_it_is(platform: Platform) -> None:
    #          10:55   11:00              12:50       12:58      13:00  event clock; closed up to 12:58:59
    # zone 74    o       L 2 h              L 10 min    L 2 min
    # zone 75            L 2 h, where there is no window
    #
    # o   is in the windows that end 10:56 to 11:10
    # L   11:00:00 in 11:01 to 11:15, so that 11:01 to 11:10 hold both: $10 + $5
    # L   12:50:00 in 12:51 to 13:05, L 12:58:00 in 12:59 to 13:13: 12:59 to 13:05 hold both, $2 + $1
    number = schema_id(platform)
    publish_at(platform, "10:56", trip_record(number, ON_TIME, at("10:55:30"), zone=74, cents=1000))
    move_event_clock(platform, at("13:00"))
    platform.balanced_ledger()
    publish_at(
        platform,
        "13:00",
        trip_record(number, TWO_MINUTES, at("12:58:00"), zone=74, cents=100),
        trip_record(number, TEN_MINUTES, at("12:50:00"), zone=74, cents=200),
        trip_record(number, TWO_HOURS, at("11:00:00"), zone=74, cents=500),
        trip_record(number, ELSEWHERE, at("11:00:00"), zone=75, cents=700),
    )
    assert (green(platform).windowed, green(platform).late) == (1, 4)
    assert windows(platform, zone=74) == (
        dict.fromkeys(ends("10:56", 5), (1, 1000))
        | dict.fromkeys(ends("11:01", 10), (2, 1500))
        | dict.fromkeys(ends("11:11", 5), (1, 500))
        | dict.fromkeys(ends("12:51", 8), (1, 200))
        | dict.fromkeys(ends("12:59", 7), (2, 300))
        | dict.fromkeys(ends("13:06", 8), (1, 100))
    )
    assert windows(platform, zone=75) == dict.fromkeys(ends("11:01"), (1, 700))
    lateness = {TWO_MINUTES: 2, TEN_MINUTES: 10, TWO_HOURS: 120, ELSEWHERE: 120}
    expected = [(trip_id, timedelta(minutes=late), 15) for trip_id, late in lateness.items()]
    assert platform.query(LATE_TRIPS) == sorted(expected)
    assert platform.query(TRIPS) == [(ON_TIME, True), *((trip_id, False) for trip_id in sorted(lateness))]


@pytest.mark.long("kills, redeploys and reads again, one after the other")
def test_a_late_trip_counts_once_whatever_is_killed_redeployed_or_read_again(platform: Platform) -> None:
    # event clock 11:01   o
    # event clock 13:00   o again, L
    #                     kill -9 of the TaskManager, L again
    #                     stop with a savepoint, deploy, Postgres away, L again
    #                     stop, a fresh job reads the whole topic
    number = schema_id(platform)
    on_time = trip_record(number, ON_TIME, at("11:00:30"), zone=74, cents=1000)
    late = trip_record(number, TWO_HOURS, at("11:02:00"), zone=74, cents=500)
    publish_at(platform, "11:01", on_time)
    move_event_clock(platform, at("13:00"))
    publish_at(platform, "13:00", on_time, late)
    assert booked(green(platform)) == (1, 1, 1)
    tables = [platform.query(text) for text in (SERVED, LATE_TRIPS, TRIPS)]

    kill_taskmanager(platform)
    publish_at(platform, "13:00", late)
    assert booked(green(platform)) == (1, 1, 2)
    job.end(platform.endpoints, JOB)
    job.start(platform.endpoints, JOB)
    supervisor = Supervisor(platform.endpoints.home)
    supervisor.stop_service(POSTGRES)
    publish_at(platform, "13:00", late)
    wait_for(lambda: platform.status().restarts.count, what="the job to miss Postgres")
    supervisor.start_service(POSTGRES)
    wait_for(lambda: answers(platform), what="Postgres")
    assert booked(green(platform)) == (1, 1, 3)
    job.end(platform.endpoints, JOB)
    job.start(platform.endpoints, JOB, fresh=True)
    assert booked(green(platform)) == (1, 1, 3)
    assert [platform.query(text) for text in (SERVED, LATE_TRIPS, TRIPS)] == tables


def booked(entry: LedgerEntry) -> tuple[int, int, int]:
    return entry.windowed, entry.late, entry.duplicates


def answers(platform: Platform) -> bool:
    try:
        return bool(platform.query("select 1"))
    except psycopg.Error:
        return False


def kill_taskmanager(platform: Platform) -> None:
    wait_for(lambda: platform.status().checkpoint, what="a checkpoint")
    platform.service(TASKMANAGER).process.kill()
    wait_for(lambda: platform.status().restarts.last_at, what="the job to restart")


@pytest.mark.long("waits for a restart of the job; the drill two-publishers is alike")
def test_trips_of_a_publisher_hours_behind_that_come_while_the_job_is_down_are_late(
    platform: Platform,
) -> None:
    # event clock 11:01   o      13:00, and the TaskManager is killed
    #             09:00                  L L L … of a second publisher
    #
    # The restored windows are closed up to 12:58:59; the restored source has read nothing yet.
    number = schema_id(platform)
    publish_at(platform, "11:01", trip_record(number, ON_TIME, at("11:00:30"), zone=74, cents=1000))
    move_event_clock(platform, at("13:00"))
    assert booked(green(platform)) == (1, 0, 0)
    kill_taskmanager(platform)
    behind = [f"0b7a2c1e-0000-4000-8000-0000000001{trip:02}" for trip in range(50)]
    records = [trip_record(number, trip, at("09:00:00"), zone=75, cents=100) for trip in behind]
    publish_at(platform, "09:00", *records)
    assert booked(green(platform)) == (1, 50, 0)
    assert windows(platform, zone=75) == dict.fromkeys(ends("09:01"), (50, 5000))
    assert platform.query(TRIPS) == [(ON_TIME, True), *((trip, False) for trip in behind)]


@pytest.mark.long("replays a month twice; the drill late is alike")
def test_a_real_month_with_a_tenth_of_its_trips_late_equals_the_oracle_over_all(
    platform: Platform, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Every tenth second, and all trips of zone 74, come after the rest is served.
    month = first_days("green_tripdata_2023-12.parquet")
    is_late = "epoch(lpep_dropoff_datetime)::bigint % 10 = 0 or pulocationid = 74"
    rest = part_of(month, f"not ({is_late})", tmp_path / "rest")
    late = part_of(month, is_late, tmp_path / "late")
    assert platform.replay(rest, "--speedup", "max").returncode == 0
    windowed = green(platform).windowed
    begun = time.monotonic()
    assert platform.replay(late, "--speedup", "max", "--as-late").returncode == 0
    entry = green(platform)
    record_property("seconds_to_correct", f"{entry.late} trips in {time.monotonic() - begun:.1f} s")
    oracle = Oracle([month], "green", "2023-12")
    assert (entry.windowed, entry.duplicates) == (windowed, 0)
    assert (entry.windowed + entry.late, entry.quarantined) == oracle.row_counts()[1:]
    assert_same_rows(
        oracle.zone_fares_15m(), platform.table("zone_fares_15m", oracle.zone_fares_15m(), tmp_path)
    )
    assert_same_rows(oracle.valid_trips(), platform.table("trips", oracle.valid_trips(), tmp_path))
    corrected: list[tuple[Any, ...]] = platform.query(
        "select count(*), min(windows_corrected), max(windows_corrected) from taxi.late_trips"
    )
    assert corrected == [(entry.late, 15, 15)]
