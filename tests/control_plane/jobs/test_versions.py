"""Another version of the job beside the live one: built from the topic, switched to and back, retired."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import psycopg
import pytest

from control_plane.jobs import reset
from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.upgrade import resume
from control_plane.sink import table_sets as tables
from stack import database
from stack.services.flink import JOBMANAGER
from stack.settings import ROOT
from tests.control_plane.jobs.test_job_life import home, replaying, taxi, tree
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days
from tests.platform import Platform
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

MONTH = "green_tripdata_2023-12.parquet"
HAS_DEAR_TRIPS = "select max(total_amount_cents) > 5000 from taxi.trips"
HAS_WINDOWS_OF_EVERY_MINUTE = """
select exists (select 1 from taxi.zone_fares_15m where extract(minute from window_end)::integer % 5 <> 0)
"""
OLD, NEW = (True, True), (False, False)
"""How the old and the new version answer the two questions; anything else is half a switch."""


def changed(folder: Path) -> Path:
    """A release that no state of the live one fits: windows every five minutes, of trips up to 50 dollars.

    It brings a view of its own.
    """
    source = tree(
        folder / "changed", "schemas/windows.py", "slide=timedelta(minutes=1)", "slide=timedelta(minutes=5)"
    )
    rules, table_set = source / "schemas" / "rules.py", source / "schemas" / "postgres" / "table_set"
    rules.write_text(
        rules.read_text("utf-8").replace("TOTAL_CENTS = 1000_00", "TOTAL_CENTS = 50_00"), "utf-8"
    )
    view = (
        "create or replace view busy_zones as select pickup_zone_id, count(*) as trips from trips group by 1"
    )
    (table_set / "06_busy_zones.sql").write_text(view, "utf-8")
    return source


def expected_of_changed(oracle: Oracle) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """Its windows and trips, by the oracle."""
    oracle.connection.execute("delete from trips where total_amount_cents > 5000")
    windows = oracle.zone_fares_15m().filter("extract(minute from window_end) % 5 = 0")
    return windows, oracle.valid_trips()


def killed_before_it_submits(platform: Platform, *arguments: str | Path) -> None:
    command = [str(ROOT / "taxi"), "job", *map(str, arguments)]
    with subprocess.Popen(command, env=home(platform), stderr=subprocess.PIPE, text=True) as killed:
        assert any("starting zone_fares-2" in line for line in killed.stderr or ())
        killed.kill()


@contextmanager
def reading(platform: Platform) -> Iterator[set[tuple[Any, ...]]]:
    """Somebody who asks two tables again and again, each time in one transaction; what the answers were."""
    seen: set[tuple[Any, ...]] = set()
    enough = Event()

    def read() -> None:
        with psycopg.connect(platform.endpoints.postgres_dsn, autocommit=True) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not enough.is_set():
                with connection.transaction():
                    questions = (HAS_DEAR_TRIPS, HAS_WINDOWS_OF_EVERY_MINUTE)
                    answers = [connection.execute(question).fetchone() for question in questions]
                    seen.add(tuple(answer[0] for answer in answers if answer))

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        try:
            wait_for(lambda: bool(seen) or reader.done(), what="the first answer")
            yield seen
        finally:
            enough.set()
            reader.result(60)


def versions(platform: Platform) -> dict[str, str]:
    """The versions that are listed, each with its state, and which of them is served."""
    rows = json.loads(taxi(platform, "versions", "--json").stdout)
    return {row["version"]: "served" if row["served_since"] else "beside" for row in rows}


def assert_served(
    platform: Platform, windows: duckdb.DuckDBPyRelation, trips: duckdb.DuckDBPyRelation, folder: Path
) -> None:
    assert_same_rows(windows, platform.table("zone_fares_15m", windows, folder))
    assert_same_rows(trips, platform.table("trips", trips, folder))


@pytest.mark.long("plans a second query, which reads the topic from its start")
def test_a_changed_query_is_built_beside_the_live_job_switched_to_and_back_and_retired(
    platform: Platform, tmp_path: Path
) -> None:
    source, live, dsn = changed(tmp_path), platform.status().job_id, platform.endpoints.postgres_dsn
    database.query(dsn, "create schema if not exists built_on")
    database.query(dsn, "create or replace view built_on.trips as select count(*) as trips from taxi.trips")
    with replaying(platform, speedup=30_000):
        killed_before_it_submits(platform, "deploy", "--side-by-side", "--source", source)
        early = taxi(platform, "switch", "--to", "2")
        assert (early.returncode, "has not caught up with zone_fares-1" in early.stderr) == (1, True)
        started = taxi(platform, "deploy", "--side-by-side", "--source", source, "--json")
        assert started.returncode == 0, started.stderr
    platform.balanced_ledger()
    found = platform.status()
    assert (found.job_id, found.restarts.count) == (live, 0)
    oracle = Oracle([first_days(MONTH)], "green", "2023-12")
    assert_served(platform, oracle.zone_fares_15m(), oracle.valid_trips(), tmp_path)
    compared = {one["table"]: one for one in json.loads(started.stdout)["tables"]}
    dear = oracle.valid_trips().filter("total_amount_cents > 5000").aggregate("count(*)").fetchall()
    assert [(compared["trips"]["only_old"],)] == dear

    third = tree(tmp_path / "third", "flink_jobs/runtime/settings.py", '"1s"', '"2s"')
    crowded = taxi(platform, "deploy", "--side-by-side", "--source", third)
    assert (crowded.returncode, "not enough task slots for zone_fares-3" in crowded.stderr) == (1, True)

    with reading(platform) as seen:
        assert seen == {OLD}
        assert taxi(platform, "switch", "--to", "2").returncode == 0
        wait_for(lambda: len(seen) > 1, what="an answer after the switch")
    assert seen == {OLD, NEW}
    windows, trips = expected_of_changed(oracle)
    assert_served(platform, windows, trips, tmp_path)
    assert platform.query("select sum(trips) from taxi.busy_zones") == trips.aggregate("count(*)").fetchall()
    assert platform.query("select trips from built_on.trips") == trips.aggregate("count(*)").fetchall()
    platform.balanced_ledger()
    assert json.loads(taxi(platform, "status", "zone_fares", "--json").stdout)["name"] == "zone_fares-2"

    assert taxi(platform, "switch", "--back").returncode == 0
    answers = [platform.query(question) for question in (HAS_DEAR_TRIPS, HAS_WINDOWS_OF_EVERY_MINUTE)]
    assert answers == [[(True,)], [(True,)]]
    assert platform.query("select to_regclass('taxi.busy_zones')") == [(None,)]
    refused = taxi(platform, "retire", "zone_fares-1", "--yes")
    assert (refused.returncode, "is the version that is served" in refused.stderr) == (1, True)
    assert taxi(platform, "retire", "zone_fares-2", "--yes").returncode == 0
    assert versions(platform) == {"zone_fares-1": "served"}
    assert running(platform) == ["zone_fares"]
    database.query(dsn, "drop schema built_on cascade")


@pytest.mark.long("plans a second query and loses the cluster")
def test_a_version_alone_survives_a_lost_cluster_and_starting_over_returns_to_the_first(
    platform: Platform, tmp_path: Path
) -> None:
    assert (
        taxi(platform, "deploy", "--side-by-side", "--source", changed(tmp_path), "--switch").returncode == 0
    )
    assert taxi(platform, "retire", "zone_fares-1", "--yes").returncode == 0
    assert platform.replay(first_days(MONTH), "--speedup", "max").returncode == 0
    platform.service(JOBMANAGER).process.kill()
    # As `./taxi up` does.
    tables.set_up(platform.endpoints.postgres_dsn)
    resume(platform.endpoints)
    assert (versions(platform), running(platform)) == ({"zone_fares-2": "served"}, ["zone_fares-2"])
    windows, trips = expected_of_changed(Oracle([first_days(MONTH)], "green", "2023-12"))
    platform.balanced_ledger()
    assert_served(platform, windows, trips, tmp_path)
    reset.reset(platform.endpoints)
    assert (versions(platform), running(platform)) == ({"zone_fares-1": "served"}, [])


def running(platform: Platform) -> list[str]:
    return FlinkRest(platform.endpoints.flink_rest_url).running_names()
