"""The oracle gives the known figures of the real months, and a window's arithmetic written out by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import real_month

pytestmark = pytest.mark.unit

NOON = datetime.fromisoformat("2024-01-10 12:00:00")


def trip(dropoff: datetime, *, zone: int = 7, total: float = 10.0) -> dict[str, object]:
    """A green trip of ten minutes; the test names only what matters to it."""
    return {
        "lpep_pickup_datetime": dropoff - timedelta(minutes=10),
        "lpep_dropoff_datetime": dropoff,
        "PULocationID": zone,
        "total_amount": total,
    }


def month_file(folder: Path, trips: list[dict[str, object]]) -> Path:
    file = folder / "green_tripdata_2024-01.parquet"
    pq.write_table(pa.Table.from_pylist(trips), file)
    return file


def oracle_of(folder: Path, trips: list[dict[str, object]]) -> Oracle:
    return Oracle([month_file(folder, trips)], "green", "2024-01")


def test_green_2020_03_has_the_known_rows() -> None:
    oracle = Oracle([real_month("green_tripdata_2020-03.csv.gz")], "green", "2020-03")
    assert oracle.row_counts() == (1_437_047, 221_929, 1_477)
    assert oracle.rule_counts() == {
        "dropoff_not_after_pickup": 240,
        "non_positive_total": 1_245,
        "outside_source_month": 10,
    }


def test_green_2023_12_has_the_known_rows() -> None:
    oracle = Oracle([real_month("green_tripdata_2023-12.parquet")], "green", "2023-12")
    assert oracle.row_counts() == (499_260, 63_899, 316)


@pytest.mark.parametrize("kind", ["csv.gz", "parquet"])
def test_green_2020_12_has_the_same_valid_trips_in_both_issues(kind: str) -> None:
    oracle = Oracle([real_month(f"green_tripdata_2020-12.{kind}")], "green", "2020-12")
    assert oracle.totals()["valid_trips"] == 82_561


def test_a_month_and_its_reissue_give_the_trip_ids_and_windows_of_one_of_them() -> None:
    issues = [real_month(f"green_tripdata_2020-12.{kind}") for kind in ("csv.gz", "parquet")]
    both, reissue = Oracle(issues, "green", "2020-12"), Oracle(issues[1:], "green", "2020-12")
    assert_same_rows(both.valid_trips().project("trip_id"), reissue.valid_trips().project("trip_id"))
    assert_same_rows(both.zone_fares_15m(), reissue.zone_fares_15m())


def test_repeated_files_count_again_when_the_caller_says_so(tmp_path: Path) -> None:
    file = month_file(tmp_path, [trip(NOON)])
    oracle = Oracle([file, file], "green", "2024-01", count_repeats=True)
    assert oracle.totals()["valid_trips"] == 2


def test_a_trip_is_in_fifteen_windows_from_the_end_of_its_minute_on(tmp_path: Path) -> None:
    """Two trips of zone 7: one ends at 12:00:00 for 10.00, one at 12:14:59 for 20.01.

    drop-off   12:00:00 10.00                                  12:14:59 20.01
               |                                                      |
        11:46  [== first window of the 10.00 ==)12:01                 |
        11:59  [== 10.00 only =====================================)12:14
               [12:00 == both: 30.01 / 2 = 15.005 =================)12:15
                12:01 [== 20.01 only, 10.00 is before its start ===)12:16
                                                        12:14  [== last of the 20.01 ==)12:29
    """
    oracle = oracle_of(tmp_path, [trip(NOON), trip(NOON + timedelta(minutes=14, seconds=59), total=20.01)])
    alone_first = [window(minute, 1, 1000, "10.0000") for minute in range(1, 15)]
    together = [window(15, 2, 3001, "15.0050")]
    alone_second = [window(minute, 1, 2001, "20.0100") for minute in range(16, 30)]
    assert_same_rows(oracle.zone_fares_15m(), alone_first + together + alone_second)


def window(end_minute: int, trips: int, cents: int, average: str) -> tuple[object, ...]:
    """The window of zone 7 that ends so many minutes after noon."""
    end = NOON + timedelta(minutes=end_minute)
    return ("green", 7, end - timedelta(minutes=15), end, trips, cents, Decimal(average))


def test_an_average_is_rounded_half_up_to_four_decimals(tmp_path: Path) -> None:
    """Eight trips of 1001 cents together: 10.01 / 8 = 1.25125 dollars -> 1.2513 (half to even: 1.2512)."""
    trips = [trip(NOON, total=total) for total in (1.26, *[1.25] * 7)]
    averages = oracle_of(tmp_path, trips).zone_fares_15m().project("avg_total_amount").distinct().fetchall()
    assert averages == [(Decimal("1.2513"),)]


def test_a_trip_stores_every_rule_that_it_breaks_in_order(tmp_path: Path) -> None:
    in_2041 = datetime.fromisoformat("2041-08-17")
    wild = trip(in_2041, zone=0, total=-5.0) | {"lpep_pickup_datetime": in_2041}
    rules = oracle_of(tmp_path, [wild]).quarantined().project("rules").fetchall()
    assert rules == [
        (["dropoff_not_after_pickup", "non_positive_total", "outside_source_month", "unknown_pickup_zone"],)
    ]


def test_equal_rides_of_a_file_are_told_apart_by_their_ordinal(tmp_path: Path) -> None:
    oracle = oracle_of(tmp_path, [trip(NOON), trip(NOON)])
    assert oracle.valid_trips().project("trip_id").distinct().shape == (2, 1)


def test_differing_rows_are_shown_from_both_sides(tmp_path: Path) -> None:
    fares = oracle_of(tmp_path, [trip(NOON)]).zone_fares_15m()
    wrong = [*fares.order("window_end").fetchall()[1:], window(40, 1, 1000, "10.0000")]
    with pytest.raises(AssertionError, match=r"only expected': 1, 'only actual': 1(.|\n)*12, 40"):
        assert_same_rows(fares, wrong)


def test_a_row_that_stands_twice_differs_from_one_that_stands_once(tmp_path: Path) -> None:
    fares = oracle_of(tmp_path, [trip(NOON)]).zone_fares_15m()
    with pytest.raises(AssertionError, match="only actual': 15"):
        assert_same_rows(fares, fares.fetchall() * 2)
