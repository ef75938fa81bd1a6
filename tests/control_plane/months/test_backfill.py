"""Months by Spark, published over what the stream has written: the same rows, also twice, and taken back."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stack.settings import ROOT
from tests.control_plane.months.test_reprocess import LIVE, assert_month, corrected
from tests.oracle.oracle import Oracle
from tests.oracle.real_months import first_days
from tests.platform import Platform

pytestmark = pytest.mark.integration

CUT_OFF = "green_tripdata_2024-02.parquet"


MONTH = ("--taxi-type", "green", "--month", "2023-12")
PARALLEL_TO_STREAM = """
select equal, explained, unexplained
from taxi.parity_reports where beside = 'stream' order by report desc limit 1
"""


def taxi(platform: Platform, raw: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of history as a person types it."""
    variables = {"TAXI_HOME": str(platform.endpoints.home), "RAW_DATA": str(raw)}
    return subprocess.run(
        [str(ROOT / "taxi"), *arguments],
        env={**os.environ, **variables, "PROCESSED_DATA": str(raw.with_name("processed"))},
        capture_output=True,
        text=True,
        check=False,
    )


def backfill(platform: Platform, raw: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`./taxi backfill`."""
    return taxi(platform, raw, "backfill", *arguments)


def windows_of_held_back_trips(file: Path) -> int:
    """How many windows hold a valid trip that its vehicle has held back."""
    oracle = Oracle([file], "green", "2023-12")
    oracle.connection.register("valid_trips", oracle.valid_trips().to_arrow_table())
    windows = oracle.connection.sql(
        "select distinct pickup_zone_id, date_trunc('minute', dropoff_at) + to_minutes(ahead) as ends_at"
        " from valid_trips, range(1, 16) as ends (ahead) where store_and_fwd_flag = 'Y'"
    )
    return len(windows)


@pytest.mark.long("runs Spark three times; test_airflow serves a month by the same command")
def test_months_by_spark_take_the_place_of_what_the_stream_wrote(platform: Platform, tmp_path: Path) -> None:
    live, new = first_days(LIVE), corrected(tmp_path / "corrected")
    raw = tmp_path / "raw"
    raw.mkdir()
    shutil.copy(live, raw)
    (raw / CUT_OFF).write_bytes(live.read_bytes()[:100_000])
    oracle, late = Oracle([live], "green", "2023-12"), windows_of_held_back_trips(live)
    windows, trips, quarantined = oracle.row_counts()
    assert platform.replay(live, "--speedup", "max", "--lateness", "store-and-forward").returncode == 0
    platform.balanced_ledger()

    months = ("--taxi-type", "green", "--month", "2023-12", "--month", "2024-02")
    partly = backfill(platform, raw, *months)
    assert partly.returncode == 1
    assert "error: green 2024-02: " in partly.stderr, partly.stderr
    assert_month(platform, live, "2023-12", tmp_path)
    ours = "engine = 'spark' and month in ('2023-12', '2024-02')"
    states = f"select month, state, trips from taxi.backfill_runs where {ours} order by month"
    assert platform.query(states) == [
        ("2023-12", "published", trips + quarantined),
        ("2024-02", "failed", 0),
    ]
    parity = f"select unexplained, trips_equal, trips_changed from taxi.parity_reports where {ours}"
    assert platform.query(parity) == [(0, trips, 0)]
    assert taxi(platform, raw, "parity", *MONTH).returncode == 0
    assert platform.query(PARALLEL_TO_STREAM) == [(windows - late, late, 0)]

    shutil.copy(new, raw)
    done = backfill(platform, raw, *MONTH, "--yes")
    assert done.returncode == 0, done.stderr
    assert_month(platform, new, "2023-12", tmp_path)
    assert "nothing to do" in backfill(platform, raw, *MONTH, "--yes").stderr
    other = taxi(platform, raw, "parity", *MONTH)
    assert (other.returncode, "unexplained: green 2023-12, zone " in other.stdout) == (1, True)
    undone = "select run from taxi.backfill_runs where state = 'published' order by ended_at desc limit 1"
    assert backfill(platform, raw, "--undo", str(platform.query(undone)[0][0])).returncode == 0
    assert_month(platform, live, "2023-12", tmp_path)
    assert platform.query("select nspname from pg_namespace where nspname like 'taxi_backfill%'") == []
    assert platform.balanced_ledger().balances
