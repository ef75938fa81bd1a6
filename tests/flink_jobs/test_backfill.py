"""Months by Spark, published over what the stream has written: the same rows, also twice, and taken back."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stack.settings import ROOT
from tests.flink_jobs.platform import Platform
from tests.flink_jobs.test_reprocess import LIVE, assert_month, corrected
from tests.oracle.real_months import real_month

pytestmark = pytest.mark.integration

CUT_OFF = "green_tripdata_2024-02.parquet"


def backfill(platform: Platform, raw: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    places = {"TAXI_HOME": str(platform.endpoints.home), "RAW_DATA": str(raw)}
    return subprocess.run(
        [str(ROOT / "taxi"), "backfill", *arguments],
        env={**os.environ, **places, "PROCESSED_DATA": str(raw.with_name("processed"))},
        capture_output=True,
        text=True,
        check=False,
    )


def test_months_by_spark_take_the_place_of_what_the_stream_wrote(platform: Platform, tmp_path: Path) -> None:
    live, new = real_month(LIVE), corrected(tmp_path / "corrected")
    raw = tmp_path / "raw"
    raw.mkdir()
    shutil.copy(live, raw)
    (raw / CUT_OFF).write_bytes(live.read_bytes()[:100_000])
    assert platform.replay(live, "--speedup", "max").returncode == 0
    platform.balanced_ledger()

    months = ("--taxi-type", "green", "--month", "2023-12", "--month", "2024-02")
    partly = backfill(platform, raw, *months)
    assert partly.returncode == 1
    assert "error: green 2024-02: " in partly.stderr, partly.stderr
    assert_month(platform, live, "2023-12", tmp_path)
    states = "select month, state, trips from taxi.backfill_runs where engine = 'spark' order by month"
    assert platform.query(states) == [("2023-12", "published", 64_215), ("2024-02", "failed", 0)]
    parity = "select unexplained, trips_equal, trips_changed from taxi.parity_reports where engine = 'spark'"
    assert platform.query(parity) == [(0, 63_899, 0)]

    shutil.copy(new, raw)
    month = ("--taxi-type", "green", "--month", "2023-12")
    done = backfill(platform, raw, *month, "--yes")
    assert done.returncode == 0, done.stderr
    assert_month(platform, new, "2023-12", tmp_path)
    assert "nothing to do" in backfill(platform, raw, *month, "--yes").stderr
    undone = "select run from taxi.backfill_runs where state = 'published' order by ended_at desc limit 1"
    assert backfill(platform, raw, "--undo", str(platform.query(undone)[0][0])).returncode == 0
    assert_month(platform, live, "2023-12", tmp_path)
    assert platform.query("select nspname from pg_namespace where nspname like 'taxi_backfill%'") == []
    assert platform.balanced_ledger().balances
