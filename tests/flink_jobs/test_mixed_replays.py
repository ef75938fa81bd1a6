"""Replays of more than one kind of month, and of trips that do not come in order."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days, shared_file
from tests.platform import Platform

pytestmark = pytest.mark.integration


def served(
    platform: Platform, table: str, expected: duckdb.DuckDBPyRelation, taxi_type: str, folder: Path
) -> duckdb.DuckDBPyRelation:
    """The rows of one taxi type."""
    columns = ", ".join(expected.columns)
    return platform.rows(f"select {columns} from taxi.{table} where taxi_type = '{taxi_type}'", folder)


def assert_equals_oracle(platform: Platform, oracle: Oracle, taxi_type: str, folder: Path) -> None:
    windows, trips = oracle.zone_fares_15m(), oracle.valid_trips()
    assert_same_rows(windows, served(platform, "zone_fares_15m", windows, taxi_type, folder))
    assert_same_rows(trips, served(platform, "trips", trips, taxi_type, folder))


def synthetic_month(folder: Path, taxi_type: str, month: str, rows: int) -> Path:
    file = folder / f"{taxi_type}_tripdata_{month}.parquet"
    arguments = (
        "--taxi-type",
        taxi_type,
        "--month",
        month,
        "--rows",
        str(rows),
        "--seed",
        "5",
        "--to",
        str(file),
    )
    subprocess.run(
        [sys.executable, "-m", "producer", "generate", *arguments], check=True, capture_output=True
    )
    return file


def test_two_taxi_types_in_two_schema_versions_are_merged_into_one_stream(
    platform: Platform, tmp_path: Path
) -> None:
    #  green 2024-12 (v1)  ├──────────────────────────────┤ 2025-01-01 01:00
    #  yellow 2025-01 (v2)                 2024-12-31 20:47 ├──────┤ real, the first 10,000 rows
    green = synthetic_month(tmp_path, "green", "2024-12", 20_000)
    yellow = shared_file("samples/yellow_tripdata_2025-01.head.parquet")
    replayed = platform.replay(yellow, green, "--speedup", "max")
    assert replayed.returncode == 0, replayed.stderr
    entries = {entry.taxi_type: entry for entry in platform.balanced_ledger().entries}
    assert (entries["green"].received, entries["yellow"].received) == (20_000, 10_000)
    assert (entries["green"].late, entries["yellow"].late) == (0, 0)
    assert_equals_oracle(platform, Oracle([green], "green", "2024-12"), "green", tmp_path)
    assert_equals_oracle(platform, Oracle([yellow], "yellow", "2025-01"), "yellow", tmp_path)


def test_the_stream_calls_late_exactly_the_trips_that_were_stored_and_forwarded(
    platform: Platform, tmp_path: Path
) -> None:
    month = first_days("green_tripdata_2023-12.parquet")
    options = ("--disorder", "60", "--lateness", "store-and-forward", "--seed", "3", "--processes", "2")
    replayed = platform.replay(month, "--speedup", "max", *options)
    assert replayed.returncode == 0, replayed.stderr
    oracle = Oracle([month], "green", "2023-12")
    forwarded = oracle.valid_trips().filter("store_and_fwd_flag = 'Y'").project("trip_id")
    (green, *_) = platform.balanced_ledger().entries
    assert (green.late, green.duplicates) == (len(forwarded.fetchall()), 0)
    assert_equals_oracle(platform, oracle, "green", tmp_path)
    assert_same_rows(
        forwarded, platform.rows("select trip_id::text as trip_id from taxi.late_trips", tmp_path)
    )
