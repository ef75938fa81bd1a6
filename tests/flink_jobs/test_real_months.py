"""Whole real months through Kafka, Flink and Postgres, equal row for row to the independent oracle."""

from pathlib import Path

import pytest

from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days, real_month
from tests.platform import Platform, assert_all_on_time

pytestmark = pytest.mark.integration


def assert_equal_to_oracle(platform: Platform, oracle: Oracle, folder: Path) -> None:
    assert_same_rows(
        oracle.zone_fares_15m(), platform.table("zone_fares_15m", oracle.zone_fares_15m(), folder)
    )
    assert_same_rows(oracle.valid_trips(), platform.table("trips", oracle.valid_trips(), folder))
    broken = "select trip_id, array_to_string(array(select unnest(rules) order by 1), ',') as rules"
    expected = oracle.quarantined().project("trip_id, array_to_string(rules, ',') as rules")
    assert_same_rows(expected, platform.rows(f"{broken} from taxi.quarantined_trips", folder))


def assert_arrives(month: Path, platform: Platform, folder: Path) -> None:
    """All trips of a file go through the job, and each row is the oracle's."""
    published = platform.replay(month, "--speedup", "max")
    assert published.returncode == 0, published.stderr
    oracle = Oracle([month], "green", month.stem[-7:])
    assert_all_on_time(platform, oracle)
    assert_equal_to_oracle(platform, oracle, folder)


def test_a_month_of_2023_gives_exactly_the_rows_of_the_oracle(platform: Platform, tmp_path: Path) -> None:
    assert_arrives(real_month("green_tripdata_2023-12.parquet"), platform, tmp_path)
    (green, *_) = platform.balanced_ledger().entries
    assert (green.windowed, green.quarantined) == (63_899, 316)


@pytest.mark.long("replays a month twice; the drill duplicates is alike")
def test_a_reissued_month_adds_duplicates_and_changes_nothing_else(
    platform: Platform, tmp_path: Path
) -> None:
    first, reissued = (
        first_days("green_tripdata_2020-12.csv.gz"),
        first_days("green_tripdata_2020-12.parquet"),
    )
    assert platform.replay(first, "--speedup", "max").returncode == 0
    platform.balanced_ledger()
    assert platform.replay(reissued, "--speedup", "max", "--as-late").returncode == 0
    (green, *_) = platform.balanced_ledger().entries
    oracle = Oracle([first], "green", "2020-12")
    _, valid, quarantined = oracle.row_counts()
    trips = valid + quarantined
    assert (green.received, green.windowed, green.late) == (2 * trips, valid, 0)
    assert green.duplicates == trips
    assert_equal_to_oracle(platform, oracle, tmp_path)
