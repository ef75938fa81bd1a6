"""Months processed by Spark hold the rows of the oracle, and a bad month stops no other."""

import gzip
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from producer.reading.prepared import Prepared
from producer.synthesis.generate import checked_month, write_month
from schemas.processed import QUARANTINED, TABLES, TRIPS, ZONE_FARES_15M
from schemas.tlc_month import parse_month
from tests.batch_backfill.backfill import BatchBackfill
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import SHARED_DATA, first_days, shared_file
from tests.producer.months import GREEN_COLUMNS, dropoff, green_parquet, prepared

pytestmark = pytest.mark.integration

REAL = {
    ("green", "2023-12"): ("months/green_tripdata_2023-12.parquet",),
    ("green", "2020-12"): ("months/green_tripdata_2020-12.csv.gz", "months/green_tripdata_2020-12.parquet"),
    ("yellow", "2025-01"): ("samples/yellow_tripdata_2025-01.head.parquet",),
    ("yellow", "2019-06"): ("samples/yellow_tripdata_2019-06.head.csv",),
}
"""Parquet of 2022 and of 2023, clocks in nanoseconds, a CSV that is packed, one that is not, a re-issue."""

GOLDEN, ODD, TRUNCATED, MISSING_COLUMN, ABSENT, BY_COORDINATES = (
    ("green", "2024-01"),
    ("green", "2020-03"),
    ("yellow", "2024-01"),
    ("green", "2024-03"),
    ("green", "2024-04"),
    ("yellow", "2009-01"),
)
FHVHV = ("fhvhv", "2024-01")
EMPTY = ("green", "2024-02")
BAD = (TRUNCATED, MISSING_COLUMN, ABSENT)
FURTHER = (("green", "2020-12"), ("yellow", "2025-01"), BY_COORDINATES, FHVHV)
"""Left to `make test-all`: Spark takes ten seconds for each."""
further = pytest.mark.long("Spark takes ten seconds for each further vintage")
ZONES = "zones/taxi_zones.topojson"

ODD_VALUES = {
    "VendorID": ("6.5", "7.5", "-0.4", "2147483648", "1d"),
    "lpep_pickup_datetime": (
        "2020-3-1 9:1:2",
        "2020-03-01T09:00:00.999",
        "2020-02-30 09:00:00",
        "2020-03",
        "",
    ),
    "store_and_fwd_flag": ('""', " Y", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
    "trip_distance": ("nan", "inf", "1e3", " 2 ", "+5", ".5", "5.", "1,5"),
    "total_amount": ("0.005", "2.675", "1.115", "-2.5", "1e18", "0x10", "1f", "-0"),
    "passenger_count": ("", "1.0", "256"),
}
"""What a CSV might hold; the producer's DuckDB and Spark must make the same of each."""


@pytest.fixture(scope="module")
def backfill(tmp_path_factory: pytest.TempPathFactory) -> BatchBackfill:
    """Real, golden, odd and bad months, ready to be processed."""
    backfill = BatchBackfill.below(tmp_path_factory.mktemp("backfill"), SHARED_DATA / ZONES)
    for (taxi_type, month), files in REAL.items():
        for file in files:
            provide(backfill.raw, part(SHARED_DATA / file), f"{taxi_type}_tripdata_{month}{suffix(file)}")
    provide(
        backfill.raw,
        SHARED_DATA / "corrupt/yellow_tripdata_2024-01.TRUNCATED.parquet",
        "yellow_tripdata_2024-01.parquet",
    )
    provide(
        backfill.raw, SHARED_DATA / "samples/yellow_tripdata_2009-01.head.csv", "yellow_tripdata_2009-01.csv"
    )
    synthetic = checked_month(parse_month(*FHVHV), 3_000, seed=1)
    write_month(synthetic, backfill.raw / synthetic.month.file_name)
    green_parquet(backfill.raw, *GOLDEN_TRIPS, name="green_tripdata_2024-01.parquet")
    (backfill.raw / "green_tripdata_2024-02.csv").write_text(",".join(GREEN_COLUMNS) + "\n")
    (backfill.raw / "green_tripdata_2024-03.csv").write_text("VendorID,trip_distance\n1,2\n")
    (backfill.raw / "green_tripdata_2020-03.csv.gz").write_bytes(gzip.compress(odd_month().encode()))
    return backfill


@dataclass(frozen=True)
class Summaries:
    """What became of each month; months are processed together, in one session, when one is asked for."""

    backfill: BatchBackfill
    found: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def __getitem__(self, month: tuple[str, str]) -> Mapping[str, Any]:
        if month not in self.found:
            everyday = [*BAD, *there(REAL), GOLDEN, ODD, EMPTY]
            together = FURTHER if month in FURTHER else [one for one in everyday if one not in FURTHER]
            done = self.backfill.process(*together)
            self.found.update({(one["taxi_type"], one["month"]): one for one in done})
        return self.found[month]


@pytest.fixture(scope="module")
def summaries(backfill: BatchBackfill) -> Summaries:
    """What became of each month."""
    return Summaries(backfill)


def part(file: Path) -> Path:
    """A sample as it is; of a whole month its first days."""
    return first_days(file.name) if file.exists() and file.parent.name == "months" else file


def provide(folder: Path, file: Path, name: str) -> None:
    if file.exists():
        # The producer would name a link's target as the source of its trips.
        shutil.copyfile(file, folder / name)


def there(months: Mapping[tuple[str, str], tuple[str, ...]]) -> list[tuple[str, str]]:
    return [month for month, files in months.items() if all((SHARED_DATA / file).exists() for file in files)]


def suffix(file: str) -> str:
    return next(ending for ending in (".parquet", ".csv.gz", ".csv") if file.endswith(ending))


def oracle(backfill: BatchBackfill, taxi_type: str, month: str) -> Oracle:
    files = sorted(backfill.raw.glob(f"{taxi_type}_tripdata_{month}*"))
    if not files:
        pytest.skip(f"needs the real TLC files {REAL[taxi_type, month]}, which are not on this machine")
    return Oracle(files, taxi_type, month)


MONTHS = pytest.mark.parametrize(
    ("taxi_type", "month"),
    [pytest.param(*month, marks=further if month in FURTHER else ()) for month in REAL],
    ids=lambda name: name,
)


@MONTHS
def test_a_month_has_the_trips_quarantined_trips_and_windows_of_the_oracle(
    backfill: BatchBackfill, summaries: Summaries, taxi_type: str, month: str
) -> None:
    expected = oracle(backfill, taxi_type, month)
    assert summaries[taxi_type, month]["error"] == ""
    trips = backfill.rows(TRIPS, taxi_type, month)
    assert_same_rows(
        expected.valid_trips(),
        trips.project("* exclude (trip_duration_seconds) replace (trip_id::uuid as trip_id)"),
    )
    assert_same_rows(
        expected.quarantined(),
        backfill.rows(QUARANTINED, taxi_type, month).project(
            "* replace (trip_id::uuid as trip_id, list_sort(rules) as rules)"
        ),
    )
    assert_same_rows(expected.zone_fares_15m(), backfill.rows(ZONE_FARES_15M, taxi_type, month))


@MONTHS
def test_the_summary_accounts_for_every_row(
    backfill: BatchBackfill, summaries: Summaries, taxi_type: str, month: str
) -> None:
    expected, summary = oracle(backfill, taxi_type, month), summaries[taxi_type, month]
    assert (summary["windows"], summary["accepted"], summary["quarantined"]) == expected.row_counts()
    assert summary["quarantined_by_rule"] == expected.rule_counts()
    left_out = summary["quarantined"] + summary["rejects"] + summary["duplicates"]
    assert summary["rows_read"] == summary["accepted"] + left_out


@further
def test_a_month_and_its_reissue_count_each_trip_once(backfill: BatchBackfill, summaries: Summaries) -> None:
    raw_file(backfill, ("green", "2020-12"))
    summary = summaries["green", "2020-12"]
    trips = pq.read_metadata(first_days("green_tripdata_2020-12.parquet")).num_rows
    assert (summary["rows_read"], summary["duplicates"]) == (2 * trips, trips)


def test_a_month_without_trips_is_a_month_without_rows(backfill: BatchBackfill, summaries: Summaries) -> None:
    assert (summaries[EMPTY]["state"], summaries[EMPTY]["rows_read"]) == ("processed", 0)
    for table in TABLES:
        assert backfill.rows(table, *EMPTY).shape[0] == 0


def test_files_have_the_columns_types_and_order_of_the_contract(
    backfill: BatchBackfill, summaries: Summaries
) -> None:
    assert summaries[GOLDEN]["error"] == ""
    for table in TABLES:
        found = backfill.rows(table, *GOLDEN).project("* exclude (taxi_type)")
        types = [(name, str(kind).lower()) for name, kind in zip(found.columns, found.types, strict=True)]
        assert types == list(table.columns)
        clocks = found.project(table.sorted_by).fetchall()
        assert clocks == sorted(clocks)


GOLDEN_TRIPS = (
    dropoff("2024-01-10 12:00:00", PULocationID=7, total_amount=10.0),
    dropoff("2024-01-10 12:14:59", PULocationID=7, total_amount=20.01),
    dropoff("2024-01-10 12:40:30", PULocationID=7, total_amount=-5.0),
    dropoff("2024-01-10 12:00:00", PULocationID=7, total_amount=10.0, VendorID=1),
)


def test_a_window_is_there_as_long_as_it_has_trips_also_when_its_newest_minutes_have_none(
    backfill: BatchBackfill, summaries: Summaries
) -> None:
    """Zone 7: two equal rides end at 12:00:00 for 10.00, one at 12:14:59 for 20.01; a refund counts not.

    pane       12:00  2 trips, 20.00                            12:14  1 trip, 20.01
               |                                                       |
        11:46  [== first window of the pane 12:00 ==)12:01
        11:59  [== its newest 13 minutes are empty: 20.00 / 2 ======)12:14
               [12:00 == both panes: 40.01 / 3 = 13.33666… ==========)12:15
                12:01 [== 12:00 has left: 20.01 / 1 =================)12:16
                                                         12:14  [== last of the 20.01 ==)12:29
    """
    assert summaries[GOLDEN]["error"] == ""
    alone_first = [window(minute, 2, 2000, "10.0000") for minute in range(1, 15)]
    together = [window(15, 3, 4001, "13.3367")]
    alone_second = [window(minute, 1, 2001, "20.0100") for minute in range(16, 30)]
    found = backfill.rows(ZONE_FARES_15M, *GOLDEN).project("* exclude (taxi_type)").order("window_end")
    assert found.fetchall() == alone_first + together + alone_second


def window(end_minute: int, trips: int, cents: int, average: str) -> tuple[object, ...]:
    """The window of zone 7 that ends so many minutes after noon."""
    end = datetime.fromisoformat("2024-01-10 12:00:00") + timedelta(minutes=end_minute)
    return (7, end - timedelta(minutes=15), end, trips, cents, Decimal(average))


def odd_month() -> str:
    """Equal good rows, then one with each odd value, a line that is no row, and another good one."""
    usual = {name: "" if value is None else str(value) for name, (_, value) in GREEN_COLUMNS.items()}
    odd = [usual | {name: quoted(value)} for name, values in ODD_VALUES.items() for value in values]
    lines = [",".join(row.values()) for row in [*[usual] * 300, *odd]]
    return "\n".join([",".join(GREEN_COLUMNS), "", *lines, "1,2,3", *lines[:1]]) + "\n"


def quoted(value: str) -> str:
    return f'"{value}"' if "," in value else value


def test_spark_makes_the_same_of_odd_values_as_the_producer(
    backfill: BatchBackfill, summaries: Summaries, tmp_path: Path
) -> None:
    assert_same_as_producer(backfill, summaries, ODD, prepared(raw_file(backfill, ODD), tmp_path))


@further
def test_high_volume_trips_get_the_totals_of_the_producer(
    backfill: BatchBackfill, summaries: Summaries, tmp_path: Path
) -> None:
    assert_same_as_producer(backfill, summaries, FHVHV, prepared(raw_file(backfill, FHVHV), tmp_path))


@further
def test_months_with_coordinates_get_the_zones_that_the_producer_finds(
    backfill: BatchBackfill, summaries: Summaries, tmp_path: Path
) -> None:
    source = prepared(raw_file(backfill, BY_COORDINATES), tmp_path, shared_file(ZONES))
    assert_same_as_producer(backfill, summaries, BY_COORDINATES, source)


def raw_file(backfill: BatchBackfill, month: tuple[str, str]) -> Path:
    found = list(backfill.raw.glob(f"{month[0]}_tripdata_{month[1]}*"))
    return found[0] if found else pytest.skip(f"needs the real TLC file of {month}, which is not here")


def assert_same_as_producer(
    backfill: BatchBackfill, summaries: Summaries, month: tuple[str, str], source: Prepared
) -> None:
    assert summaries[month]["error"] == ""
    own = {"trip_id", "trip_duration_seconds"}
    names = ", ".join(name for name, _ in TRIPS.columns if name not in own)
    with duckdb.connect() as connection:
        producers = connection.read_parquet(str(source.path))
        valid = producers.filter("is_valid").project(f"trip_id::uuid as trip_id, {names}")
        assert valid.shape[0] > 0
        assert_same_rows(valid, backfill.rows(TRIPS, *month).project(f"trip_id::uuid as trip_id, {names}"))
        kept = summaries[month]["rows_read"] - summaries[month]["rejects"]
        assert kept == producers.shape[0]


@pytest.mark.parametrize(
    ("month", "message"),
    [
        (TRUNCATED, "it is truncated or not Parquet"),
        (MISSING_COLUMN, "required columns are missing: lpep_pickup_datetime"),
        (ABSENT, "no file of green 2024-04"),
    ],
    ids=str,
)
def test_a_bad_month_fails_with_one_clear_line_and_stops_no_other(
    summaries: Summaries, month: tuple[str, str], message: str
) -> None:
    if month == TRUNCATED and not SHARED_DATA.exists():
        pytest.skip(f"needs {SHARED_DATA}, which is not on this machine")
    summary = summaries[month]
    assert (summary["state"], message in summary["error"]) == ("failed", True), summary["error"]
    assert "\n" not in summary["error"]
    assert summaries[GOLDEN]["state"] == "processed"
