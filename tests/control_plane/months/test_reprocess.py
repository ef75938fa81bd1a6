"""Months reprocessed beside the live job: also while it writes the same month, killed, again, and undone."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.records import JobRecords
from schemas.jobs import DEFAULT_JOB as JOB
from stack.settings import ROOT
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days
from tests.platform import Platform, assert_all_on_time
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

LIVE = "green_tripdata_2023-12.parquet"


def corrected(folder: Path) -> Path:
    """The live days as the TLC might issue it again: trips gone, trips with another total, other tips."""
    table = pq.read_table(first_days(LIVE))
    kind = pa.array(row % 100 for row in range(table.num_rows))
    for column, chosen in (("tip_amount", 1), ("total_amount", 2)):
        old = table.column(column)
        new = pc.if_else(pc.equal(kind, chosen), pc.add(old, 1.0), old)
        table = table.set_column(table.column_names.index(column), column, new)
    folder.mkdir()
    pq.write_table(table.filter(pc.not_equal(kind, 0)), folder / LIVE)
    return folder / LIVE


def reprocess(platform: Platform, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    return subprocess.run(
        [str(ROOT / "taxi"), "reprocess", *map(str, arguments)],
        env={**os.environ, "TAXI_HOME": str(platform.endpoints.home)},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def replaying(platform: Platform, file: Path, speedup: int) -> Iterator[None]:
    """The month is being replayed; at the end of the block its last trip is in Kafka."""
    command = platform.replay_command(file, "--speedup", str(speedup))
    with subprocess.Popen(command, env=platform.environment, stderr=subprocess.DEVNULL) as replay:
        try:
            wait_for(lambda: platform.status().records_read > 100, what="the first trips")
            yield
            assert replay.wait(600) == 0
        finally:
            replay.kill()


def kill_in_mid_job(platform: Platform, *arguments: str | Path) -> None:
    """Begin the command, and kill it when its job runs."""
    command = [str(ROOT / "taxi"), "reprocess", *map(str, arguments)]
    home = {**os.environ, "TAXI_HOME": str(platform.endpoints.home)}
    with subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            wait_for(lambda: running_jobs(platform) > 1, stalled_seconds=240, what="the job of the run")
        finally:
            run.kill()


def running_jobs(platform: Platform) -> int:
    jobs = FlinkRest(platform.endpoints.flink_rest_url).get("/jobs/overview")["jobs"]
    return sum(job["state"] == "RUNNING" for job in jobs)


def assert_month(platform: Platform, file: Path, month: str, folder: Path) -> None:
    """All that is served of the month is what the oracle makes of the file."""
    oracle = Oracle([file], "green", month)
    fares, trips = oracle.zone_fares_15m(), oracle.valid_trips()
    one_month = f"source_month = '{month}-01'"
    windows = f"window_end between date '{month}-01' - 1 and date '{month}-01' + 33"
    for table, expected, condition in (("trips", trips, one_month), ("zone_fares_15m", fares, windows)):
        query = f"select {', '.join(expected.columns)} from taxi.{table} where {condition}"
        assert_same_rows(expected, platform.rows(query, folder))
    broken = f"select trip_id from taxi.quarantined_trips where {one_month}"
    assert_same_rows(oracle.quarantined().project("trip_id"), platform.rows(broken, folder))


def run_of(platform: Platform, file: Path) -> str:
    """The newest run that has published this file."""
    found = platform.query(
        "select run from taxi.backfill_runs where state = 'published'"
        f" and source_file = '{file.name}' order by ended_at desc limit 1"
    )
    return str(found[0][0])


def shadow_sets(platform: Platform) -> list[str]:
    """The schemas that runs have to themselves: a table set each, and its trips by month."""
    found = platform.query("select nspname from pg_namespace where nspname like 'taxi_reprocess%' order by 1")
    return [str(name) for (name,) in found]


@pytest.mark.long(
    "Flink reads two months beside the job; test_airflow publishes a month, unit tests undo one"
)
def test_months_are_reprocessed_beside_the_live_job_and_undone(platform: Platform, tmp_path: Path) -> None:
    live, new = first_days(LIVE), corrected(tmp_path / "corrected")
    old = first_days("green_tripdata_2020-12.csv.gz")
    reissued = first_days("green_tripdata_2020-12.parquet")
    before = platform.status()
    with replaying(platform, live, speedup=6_000):
        done = reprocess(platform, old, new, "--yes")
        assert done.returncode == 0, done.stderr
    assert_all_on_time(platform, Oracle([live], "green", "2023-12"))
    after = platform.status()
    assert (after.job_id, after.restarts.count) == (before.job_id, 0), after.failure
    assert JobRecords(platform.endpoints.home).wanted() == [JOB]
    assert_month(platform, new, "2023-12", tmp_path)
    assert_month(platform, old, "2020-12", tmp_path)

    again = reprocess(platform, old, new)
    assert "nothing to do" in again.stderr
    first = run_of(platform, old)

    assert reprocess(platform, reissued, "--keep").returncode == 0
    assert_month(platform, reissued, "2020-12", tmp_path)
    second = run_of(platform, reissued)
    kept = f"taxi_reprocess_{second}"
    assert shadow_sets(platform) == [kept, f"{kept}_months"]
    assert reprocess(platform, "--discard", second).returncode == 0
    assert shadow_sets(platform) == []
    too_early = reprocess(platform, "--undo", first)
    assert too_early.returncode == 1
    assert too_early.stderr.startswith("error: green 2020-12: ")
    assert reprocess(platform, "--undo", second).returncode == 0
    assert_month(platform, old, "2020-12", tmp_path)
    assert reprocess(platform, "--undo", first).returncode == 0
    assert_month(platform, live, "2023-12", tmp_path)
    assert platform.query("select count(*) from taxi.trips where source_month = '2020-12-01'") == [(0,)]
    assert platform.balanced_ledger().balances
    reports = "select distinct unexplained from taxi.parity_reports"
    assert platform.query(f"{reports} where run = '{second}'") == [(0,)]
    assert shadow_sets(platform) == []
    assert [name for name in subjects(platform) if "reprocess" in name] == []


def subjects(platform: Platform) -> list[str]:
    """What the schema registry knows, also what is only marked as deleted."""
    url = f"{platform.endpoints.schema_registry_url}/subjects?deleted=true"
    return list(httpx.get(url, trust_env=False, timeout=60).raise_for_status().json())


@pytest.mark.long("kills a reprocess and runs it again")
def test_a_reprocess_that_was_killed_is_done_by_the_same_command(platform: Platform, tmp_path: Path) -> None:
    old = first_days("green_tripdata_2020-12.csv.gz")
    kill_in_mid_job(platform, old, "--yes")
    done = reprocess(platform, old, "--yes")
    assert done.returncode == 0, done.stderr
    assert_month(platform, old, "2020-12", tmp_path)
    assert shadow_sets(platform) == []
