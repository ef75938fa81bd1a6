"""Real months become canonical trips with the identity, the money and the order that the contract demands."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.months import Naming
from producer.reading.prepared import batches, span_of
from schemas import trip
from schemas.errors import UserError
from schemas.identity import IDENTITY_COLUMNS, TripIdentity
from tests.oracle.real_months import real_month, shared_file
from tests.producer.months import dropoff, green_parquet, green_table, prepared, preparer_in, rows

pytestmark = pytest.mark.unit

REAL_MONTHS = {
    "green_tripdata_2020-03.csv.gz": (223_406, 221_929),
    "green_tripdata_2020-12.csv.gz": (83_130, 82_561),
    "green_tripdata_2020-12.parquet": (83_130, 82_561),
    "green_tripdata_2023-12.parquet": (64_215, 63_899),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(("name", "counts"), REAL_MONTHS.items())
def test_a_real_month_keeps_every_row_and_knows_the_valid_ones(
    name: str, counts: tuple[int, int], cache: Path
) -> None:
    span = span_of(prepared(real_month(name), cache).path)
    assert (span.trips, span.valid_trips) == counts


def test_a_month_as_csv_and_as_parquet_holds_the_same_trips(cache: Path) -> None:
    csv, parquet = (
        prepared(real_month(f"green_tripdata_2020-12.{end}"), cache) for end in ("csv.gz", "parquet")
    )
    valid_ids = {trip_id for trip_id, is_valid in rows(csv, "trip_id, is_valid") if is_valid}
    assert rows(csv, "trip_id, replay_at") == rows(parquet, "trip_id, replay_at")
    assert len(valid_ids) == 82_561


def test_trip_ids_are_those_of_the_contract(cache: Path) -> None:
    source = prepared(real_month("green_tripdata_2023-12.parquet"), cache)
    columns = [column for column in IDENTITY_COLUMNS if column != "trip_distance_hundredths"]
    columns.insert(5, "cast(round(trip_distance * 100) as bigint)")
    for trip_id, *values in rows(source, f"trip_id, {', '.join(columns)}")[::500]:
        assert trip_id == TripIdentity(*values).trip_id()


def test_equal_rides_of_one_file_are_told_apart_by_an_ordinal(tmp_path: Path) -> None:
    source = prepared(green_parquet(tmp_path, {}, {"VendorID": 1}, {}), tmp_path)
    assert len({trip_id for (trip_id,) in rows(source, "trip_id")}) == 3


def test_a_corrected_vendor_does_not_change_the_trip_id(tmp_path: Path) -> None:
    first = prepared(green_parquet(tmp_path, {}), tmp_path)
    again = prepared(
        green_parquet(tmp_path, {"VendorID": 1}, name="green_tripdata_2020-03-fixed.parquet"), tmp_path
    )
    assert rows(first, "trip_id") == rows(again, "trip_id")


def test_the_columns_are_those_of_the_avro_schema_and_of_the_clock(tmp_path: Path) -> None:
    source = prepared(green_parquet(tmp_path, {}), tmp_path)
    assert pq.read_schema(source.path).names == [*trip.current().columns, "is_valid", "replay_at"]


@pytest.mark.parametrize(
    ("dollars", "cents"),
    [(9.3, 930), (0.29, 29), (-52.8, -5280), (None, None), (float("nan"), None), (1e9, 10**11)],
)
def test_money_is_exact(tmp_path: Path, dollars: float | None, cents: int | None) -> None:
    source = prepared(green_parquet(tmp_path, {"total_amount": dollars}), tmp_path)
    assert rows(source, "total_amount_cents") == [(cents,)]


def test_infinity_is_no_money(tmp_path: Path) -> None:
    source = prepared(green_parquet(tmp_path, {"tip_amount": float("-inf")}), tmp_path)
    assert rows(source, "tip_amount_cents") == [(None,)]


def test_a_trip_of_2041_does_not_stretch_the_replay(tmp_path: Path) -> None:
    # valid: 10:00 ──── 11:00    wild: 2008 and 2041 move to the nearer end
    source = prepared(
        green_parquet(
            tmp_path,
            dropoff("2041-08-17 00:00:00", VendorID=41),
            dropoff("2020-03-01 10:00:00", VendorID=1),
            dropoff("2008-12-31 00:00:00", VendorID=8),
            dropoff("2020-03-01 11:00:00", VendorID=2),
        ),
        tmp_path,
    )
    clocks = dict(rows(source, "vendor_id, strftime(replay_at, '%H:%M')"))
    assert clocks == {8: "10:00", 1: "10:00", 2: "11:00", 41: "11:00"}


def test_a_trip_without_drop_off_is_replayed_at_its_pickup(tmp_path: Path) -> None:
    lost = {"VendorID": 9, "lpep_pickup_datetime": "2020-03-01 10:30:00", "lpep_dropoff_datetime": None}
    source = prepared(
        green_parquet(tmp_path, dropoff("2020-03-01 10:00:00"), lost, dropoff("2020-03-01 11:00:00")),
        tmp_path,
    )
    assert [vendor for (vendor,) in rows(source, "vendor_id")] == [2, 9, 2]


def test_a_month_without_a_valid_trip_is_replayed_at_its_first_day(tmp_path: Path) -> None:
    source = prepared(green_parquet(tmp_path, dropoff("2041-08-17 00:00:00")), tmp_path)
    assert rows(source, "cast(replay_at as varchar)") == [("2020-03-01 00:00:00",)]


def test_types_may_drift_between_vintages(tmp_path: Path) -> None:
    drifted = green_table(
        {},
        VendorID=pa.int32(),
        PULocationID=pa.int32(),
        passenger_count=pa.int64(),
        store_and_fwd_flag=pa.large_string(),
        lpep_pickup_datetime=pa.timestamp("ns"),
        ehail_fee=pa.float64(),
    )
    usual = prepared(green_parquet(tmp_path, {}), tmp_path)
    file = tmp_path / "green_tripdata_2020-03.drifted.parquet"
    pq.write_table(drifted.set_column(4, "RatecodeID", pa.nulls(1)), file)
    wanted = "trip_id, passenger_count, store_and_fwd_flag, pickup_at, ehail_fee_cents"
    assert rows(prepared(file, tmp_path), wanted) == rows(usual, wanted)


@pytest.mark.parametrize(
    ("sample", "columns"),
    [
        ("samples/yellow_tripdata_2025-01.head.parquet", "cbd_congestion_fee_cents, airport_fee_cents"),
        ("samples/yellow_tripdata_2019-06.head.csv", "congestion_surcharge_cents"),
    ],
)
def test_columns_of_a_vintage_arrive(sample: str, columns: str, cache: Path) -> None:
    source = prepared(shared_file(sample), cache)
    filled = rows(source, ", ".join(f"count({column})" for column in columns.split(", ")))[0]
    assert all(filled)


def test_several_months_are_merged_in_event_order(tmp_path: Path) -> None:
    early_and_late = green_parquet(
        tmp_path,
        dropoff("2020-03-01 12:00:00"),
        dropoff("2020-03-01 10:00:00"),
        name="green_tripdata_2020-03.parquet",
    )
    between = green_parquet(tmp_path, dropoff("2020-03-01 11:00:00"), name="green_tripdata_2020-03.b.parquet")
    merged = preparer_in(tmp_path).prepare(Naming().month_files([early_and_late, between]))
    assert [hour for (hour,) in rows(merged, "hour(replay_at)")] == [10, 11, 12]


def test_merged_months_are_in_the_order_in_which_a_sort_of_all_rows_would_put_them(cache: Path) -> None:
    # Both hold December 2020, and both reach into the same seconds: every tie is decided by the trip_id.
    months = Naming().month_files(
        [real_month("green_tripdata_2020-12.csv.gz"), real_month("green_tripdata_2020-12.parquet")]
    )
    merged = preparer_in(cache).prepare(months)
    parts = [
        row for month in months for row in rows(preparer_in(cache).prepare([month]), "replay_at, trip_id")
    ]
    assert rows(merged, "replay_at, trip_id") == sorted(parts)


def test_many_trips_of_one_instant_are_merged_whole(tmp_path: Path) -> None:
    # Far more than are in memory at a time, all clamped to the one valid instant of their month.
    trips = [{"fare_amount": float(number)} for number in range(3)]
    table = pa.concat_tables([green_table(*trips)] * 40_000)
    files = [tmp_path / f"green_tripdata_2020-03.{name}.parquet" for name in ("a", "b")]
    for file in files:
        pq.write_table(table, file)
    merged = preparer_in(tmp_path).prepare(Naming().month_files(files))
    ids = [trip_id for (trip_id,) in rows(merged, "trip_id")]
    assert len(ids) == 240_000
    assert ids == sorted(ids)


def test_equal_rides_have_the_ordinals_of_the_file(tmp_path: Path) -> None:
    names = [{"VendorID": vendor} for vendor in (5, 3, 4)]
    source = prepared(green_parquet(tmp_path, *names, {"fare_amount": 1.0, "VendorID": 9}), tmp_path)
    columns = [column for column in IDENTITY_COLUMNS if column != "trip_distance_hundredths"]
    columns.insert(5, "cast(round(trip_distance * 100) as bigint)")
    found = {
        vendor: (trip_id, values)
        for vendor, trip_id, *values in rows(source, f"vendor_id, trip_id, {', '.join(columns)}")
    }
    for vendor, ordinal in ((5, 0), (3, 1), (4, 2), (9, 0)):
        trip_id, values = found[vendor]
        assert trip_id == replace(TripIdentity(*values), ordinal=ordinal).trip_id()


def test_prepared_months_that_nobody_used_for_30_days_are_removed_when_another_is_written(
    tmp_path: Path,
) -> None:
    unused, used = (
        green_parquet(tmp_path, {"fare_amount": fare}, name=f"green_tripdata_2020-03.{fare:.0f}.parquet")
        for fare in (1.0, 2.0)
    )
    forgotten, kept = prepared(unused, tmp_path).path, prepared(used, tmp_path).path
    spilt_by_a_killed_one = tmp_path / "prepared" / "spill-1"
    (spilt_by_a_killed_one / "more").mkdir(parents=True)
    rejects = [month.with_suffix(".rejects.csv") for month in (forgotten, kept)]
    for listed in rejects:
        listed.write_text("row\n", "utf-8")
    long_ago = time.time() - 31 * 86_400
    for entry in (forgotten, kept, spilt_by_a_killed_one, *rejects):
        os.utime(entry, (long_ago, long_ago))
    prepared(used, tmp_path)
    new = prepared(green_parquet(tmp_path, {}), tmp_path).path
    assert set((tmp_path / "prepared").iterdir()) == {kept, rejects[1], new}


@pytest.mark.parametrize("memory_limit", ["much", "1MB"])
def test_a_memory_limit_that_cannot_be_kept_is_one_line(memory_limit: str, tmp_path: Path) -> None:
    months = Naming().month_files([real_month("green_tripdata_2020-03.csv.gz")])
    with pytest.raises(UserError, match=r"preparation failed: .*PREPARE_MEMORY_LIMIT"):
        replace(preparer_in(tmp_path), memory_limit=memory_limit).prepare(months)
    assert list((tmp_path / "prepared").iterdir()) == []


def test_a_month_is_prepared_in_less_memory_than_it_takes(tmp_path: Path) -> None:
    trips = [dropoff(f"2020-03-{day:02} 10:00:00", VendorID=day) for day in range(1, 32)]
    table = pa.concat_tables([green_table(*trips)] * 20_000)
    assert table.nbytes > 80_000_000
    file = tmp_path / "green_tripdata_2020-03.parquet"
    pq.write_table(table, file)
    source = replace(preparer_in(tmp_path), memory_limit="80MB").prepare(Naming().month_files([file]))
    found = rows(source, "count(*), count(distinct trip_id), min(vendor_id), max(vendor_id)")
    assert found == [(620_000, 620_000, 1, 31)]


def test_a_prepared_month_is_made_once(tmp_path: Path) -> None:
    file = green_parquet(tmp_path, {})
    first = prepared(file, tmp_path).path
    written = first.stat().st_ino
    assert prepared(file, tmp_path).path.stat().st_ino == written
    assert [entry.name for entry in (tmp_path / "prepared").iterdir()] == [first.name]


def test_trips_can_be_read_from_any_row_on(cache: Path) -> None:
    path = prepared(real_month("green_tripdata_2023-12.parquet"), cache).path
    whole = [key for batch in batches(path, 0, 64_215) for key in batch.column("trip_id").to_pylist()]
    for start, end in ((0, 1), (16_383, 16_386), (65_000, 65_000), (40_000, 64_215)):
        part = [key for batch in batches(path, start, end) for key in batch.column("trip_id").to_pylist()]
        assert part == whole[start:end]
