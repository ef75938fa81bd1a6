"""The synthetic month is deterministic and has the quirks of the real ones at their rates."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

import producer.synthesis.generate as generator
from producer.synthesis.generate import checked_month, generate, write_month
from producer.synthesis.month import BLOCK_ROWS
from producer.synthesis.schema import SYNTHETIC_KEY
from schemas.errors import UserError
from schemas.tlc_month import parse_month
from tests.oracle.oracle import Oracle
from tests.oracle.real_months import REPOSITORY, real_month, shared_file

pytestmark = pytest.mark.unit

ROWS = 400_000


def generate_month(
    folder: Path, taxi_type: str, month: str, rows: int, *, seed: int = 1, hot_zones: tuple[str, ...] = ()
) -> Path:
    wanted = checked_month(parse_month(taxi_type, month), rows, seed, hot_zones)
    return write_month(wanted, folder / wanted.month.file_name)


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_month(tmp_path_factory.mktemp("green"), "green", "2020-03", ROWS)


@pytest.fixture(scope="module")
def yellow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_month(tmp_path_factory.mktemp("yellow"), "yellow", "2025-01", ROWS)


@pytest.fixture(scope="module")
def fhvhv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_month(tmp_path_factory.mktemp("fhvhv"), "fhvhv", "2025-01", ROWS)


def measured(file: Path, expression: str) -> float:
    """A figure over all rows; `pickup` and `dropoff` stand for the columns of the taxi type."""
    prefix = {"yellow": "tpep_", "green": "lpep_", "fhvhv": ""}[file.name.partition("_")[0]]
    clocks = f"{prefix}pickup_datetime as pickup, {prefix}dropoff_datetime as dropoff"
    rows = f"(select *, {clocks} from '{file}')"
    with duckdb.connect() as connection:
        (row,) = connection.execute(f"select ({expression})::double from {rows}").fetchall()
    return float(row[0])


def share(file: Path, condition: str) -> float:
    return measured(file, f"avg(coalesce(({condition})::integer, 0))")


def test_equal_seeds_make_equal_bytes(tmp_path: Path) -> None:
    rows = BLOCK_ROWS + 5000
    first = generate_month(tmp_path / "first", "green", "2024-01", rows, seed=7)
    second = generate_month(tmp_path / "second", "green", "2024-01", rows, seed=7)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("taxi_type", ["green", "fhvhv"])
def test_the_number_of_threads_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taxi_type: str
) -> None:
    rows = 2 * BLOCK_ROWS + 5000
    two_threads = generate_month(tmp_path / "two", taxi_type, "2024-01", rows)
    monkeypatch.setattr(generator, "WORKERS", 1)
    assert (
        generate_month(tmp_path / "one", taxi_type, "2024-01", rows).read_bytes() == two_threads.read_bytes()
    )


def test_another_seed_makes_other_rows(tmp_path: Path) -> None:
    one, two = (generate_month(tmp_path / str(seed), "green", "2024-01", 2000, seed=seed) for seed in (1, 2))
    assert pq.read_table(one) != pq.read_table(two)


@pytest.mark.parametrize("taxi_type", ["yellow", "green", "fhvhv"])
@pytest.mark.parametrize("rows", [0, 1, 2, 999, 1000, BLOCK_ROWS, BLOCK_ROWS + 1])
def test_the_month_has_the_asked_number_of_rows(tmp_path: Path, taxi_type: str, rows: int) -> None:
    assert pq.read_metadata(generate_month(tmp_path, taxi_type, "2024-01", rows)).num_rows == rows


def peak_megabytes(folder: Path, rows: int) -> float:
    """Of a process of its own that makes a month."""
    program = [sys.executable, "-m", "producer", "generate", "--taxi-type", "fhvhv", "--month", "2024-01"]
    options = ["--rows", str(rows), "--to", str(folder / "month.parquet")]
    process = subprocess.Popen(
        [*program, *options], cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def test_ten_times_the_rows_need_hardly_more_memory(tmp_path: Path) -> None:
    few, many = (peak_megabytes(tmp_path, blocks * BLOCK_ROWS) for blocks in (5, 50))
    assert many < few + 150


@pytest.mark.parametrize("name", ["green_tripdata_2020-12.parquet", "green_tripdata_2023-12.parquet"])
def test_green_has_the_columns_and_types_of_its_vintage(tmp_path: Path, name: str) -> None:
    real = pq.read_schema(real_month(name)).remove_metadata()
    file = generate_month(tmp_path, "green", name[15:22], 1000)
    assert pq.read_schema(file).remove_metadata() == real


def test_yellow_has_the_columns_of_2025_in_their_order(yellow: Path) -> None:
    real = pq.read_schema(shared_file("samples/yellow_tripdata_2025-01.head.parquet"))
    assert pq.read_schema(yellow).names == real.names


@pytest.mark.parametrize(
    ("month", "airport", "id_type"),
    [
        ("2019-06", pa.field("airport_fee", pa.null()), pa.int64()),
        ("2023-01", pa.field("airport_fee", pa.float64()), pa.int64()),
        ("2023-02", pa.field("Airport_fee", pa.float64()), pa.int32()),
    ],
)
def test_the_types_of_yellow_drift_with_the_months(
    tmp_path: Path, month: str, airport: pa.Field, id_type: pa.DataType
) -> None:
    schema = pq.read_schema(generate_month(tmp_path, "yellow", month, 1000))
    assert schema.field(airport.name) == airport
    assert schema.field("PULocationID").type == id_type


def test_the_file_says_that_it_is_synthetic(green: Path) -> None:
    mark = pq.read_metadata(green).metadata[SYNTHETIC_KEY]
    assert mark.startswith(b"made by ./taxi generate; rows=400000 seed=1")


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        pytest.param("fare_amount < 0", 0.0023, 0.0033, id="refunds"),
        pytest.param("total_amount = 0", 0.0017, 0.0027, id="voids"),
        pytest.param("dropoff <= pickup", 0.0008, 0.0015, id="drop-off not after pickup"),
        pytest.param("dropoff < pickup", 0.00001, 0.0001, id="drop-off before pickup"),
        pytest.param("dropoff - pickup >= interval 23 hour", 0.0018, 0.0027, id="23 hours or more"),
        pytest.param("dropoff - pickup > interval 24 hour", 0, 0, id="more than 24 hours"),
        pytest.param("total_amount > 1000", 0.000005, 0.00005, id="implausible totals"),
        pytest.param("PULocationID >= 264", 0.0022, 0.0034, id="unknown pickup zones"),
        pytest.param("DOLocationID >= 264", 0.006, 0.011, id="unknown drop-off zones"),
        pytest.param("PULocationID not between 1 and 265", 0, 0, id="no zone beyond 265"),
        pytest.param("PULocationID in (74, 75)", 0.15, 0.38, id="two zones lead"),
        pytest.param("PULocationID = DOLocationID", 0.10, 0.15, id="within one zone"),
        pytest.param("trip_distance = 0", 0.025, 0.05, id="no distance"),
        pytest.param("payment_type is null", 0.20, 0.22, id="null block"),
        pytest.param("extract(hour from pickup) = 17", 0.06, 0.08, id="rush hour"),
        pytest.param("extract(hour from pickup) = 4", 0.005, 0.012, id="night"),
    ],
)
def test_a_quirk_of_green_has_its_real_rate(green: Path, condition: str, low: float, high: float) -> None:
    assert low <= share(green, condition) <= high


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        pytest.param("median(epoch(dropoff - pickup)) / 60", 9, 15, id="minutes p50"),
        pytest.param("quantile_cont(epoch(dropoff - pickup), 0.99) / 60", 58, 89, id="minutes p99"),
        pytest.param("median(trip_distance)", 1.7, 2.1, id="miles p50"),
        pytest.param("quantile_cont(trip_distance, 0.99)", 16, 21, id="miles p99"),
        pytest.param("median(fare_amount)", 9, 12, id="fare p50"),
        pytest.param("quantile_cont(fare_amount, 0.99)", 55, 70, id="fare p99"),
        pytest.param(
            "corr(trip_distance, fare_amount) filter (fare_amount between 2 and 100)", 0.88, 1, id="tied"
        ),
    ],
)
def test_green_rides_are_as_long_and_dear_as_real_ones(
    green: Path, expression: str, low: float, high: float
) -> None:
    assert low <= measured(green, expression) <= high


def test_rows_are_unordered_as_in_real_months(green: Path) -> None:
    pickups = pq.read_table(green, columns=["lpep_pickup_datetime"])["lpep_pickup_datetime"].cast(pa.int64())
    highest = np.maximum.accumulate(pickups.to_numpy())
    rate = float((pickups.to_numpy()[1:] < highest[:-1]).mean())
    assert 0.94 <= rate <= 1.0


def test_refunds_stand_before_their_positive_twin(green: Path) -> None:
    keys = ["VendorID", "lpep_pickup_datetime", "lpep_dropoff_datetime", "PULocationID", "DOLocationID"]
    table = pq.read_table(green, columns=[*keys, "fare_amount", "total_amount"]).to_pydict()
    refunds = [row for row, fare in enumerate(table["fare_amount"]) if fare < 0]
    twins = [
        row
        for row in refunds
        if table["total_amount"][row + 1] == -table["total_amount"][row]
        and all(table[key][row] == table[key][row + 1] for key in keys)
    ]
    assert 0.92 <= len(twins) / len(refunds) <= 0.99


def test_the_null_block_is_one_block_at_the_end(green: Path) -> None:
    table = pq.read_table(green)
    first = table["payment_type"].to_pylist().index(None)
    together = (
        "passenger_count",
        "RatecodeID",
        "payment_type",
        "trip_type",
        "congestion_surcharge",
        "store_and_fwd_flag",
    )
    assert {table[name].null_count for name in together} == {ROWS - first}
    assert {table[name][first:].null_count for name in together} == {ROWS - first}


def test_there_was_no_null_block_in_2019(tmp_path: Path) -> None:
    assert pq.read_table(generate_month(tmp_path, "green", "2019-06", 1000))["payment_type"].null_count == 0


@pytest.mark.parametrize("year", [2008, 2009, 2041])
def test_wild_years_are_in_every_month(tmp_path: Path, year: int) -> None:
    assert (
        share(generate_month(tmp_path, "green", "2024-01", 10_000), f"extract(year from pickup) = {year}") > 0
    )


def test_a_few_pickups_are_just_outside_the_month(green: Path) -> None:
    before = "pickup between timestamp '2020-02-29 23:00:00' and timestamp '2020-02-29 23:59:59'"
    after = "pickup between timestamp '2020-04-01 00:00:00' and timestamp '2020-04-01 00:15:00'"
    assert share(green, before) > 0
    assert share(green, after) > 0


@pytest.mark.parametrize(("file", "low", "high"), [("green", 0.95, 0.99), ("yellow", 0.75, 0.90)])
def test_most_totals_are_the_sum_of_their_parts(
    request: pytest.FixtureRequest, file: str, low: float, high: float
) -> None:
    """The first vendor's do not: 81 % add up in the real yellow 2025-01, 85-97 % in the real green months."""
    parts = (
        "fare_amount + extra + mta_tax + tip_amount + tolls_amount + improvement_surcharge"
        " + coalesce(congestion_surcharge, 0)"
    )
    own = " + coalesce(airport_fee, 0) + cbd_congestion_fee" if file == "yellow" else ""
    assert low <= share(request.getfixturevalue(file), f"abs(total_amount - ({parts}{own})) < 0.006") <= high


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        pytest.param("PULocationID = 132", 0.03, 0.06, id="JFK"),
        pytest.param("PULocationID in (132, 138)", 0.06, 0.10, id="airports"),
        pytest.param("PULocationID in (161, 162, 163, 164, 230, 186, 236, 237)", 0.2, 0.4, id="Manhattan"),
        pytest.param("airport_fee = 1.75", 0.05, 0.09, id="airport fee"),
        pytest.param("cbd_congestion_fee = 0.75", 0.5, 0.65, id="congestion zone"),
        pytest.param(
            "cbd_congestion_fee > 0 and pickup between '2025-01-01' and '2025-01-04'",
            0,
            0,
            id="no fee before 5 January",
        ),
        pytest.param("payment_type = 0", 0.046, 0.048, id="payment unknown"),
        pytest.param("passenger_count is null", 0.046, 0.048, id="null block"),
    ],
)
def test_yellow_has_its_own_shape(yellow: Path, condition: str, low: float, high: float) -> None:
    assert low <= share(yellow, condition) <= high


def test_fhvhv_has_the_columns_of_2025_in_their_order(fhvhv: Path) -> None:
    """As the TLC's data dictionary lists them; no real month was at hand to compare with."""
    money = "base_passenger_fare tolls bcf sales_tax congestion_surcharge airport_fee tips driver_pay"
    assert pq.read_schema(fhvhv).names == (
        "hvfhs_license_num dispatching_base_num originating_base_num request_datetime on_scene_datetime "
        f"pickup_datetime dropoff_datetime PULocationID DOLocationID trip_miles trip_time {money} "
        "shared_request_flag shared_match_flag access_a_ride_flag wav_request_flag wav_match_flag "
        "cbd_congestion_fee"
    ).split(" ")


def test_fhvhv_had_no_congestion_zone_before_2025(tmp_path: Path) -> None:
    assert pq.read_schema(generate_month(tmp_path, "fhvhv", "2024-12", 10)).names[-1] == "wav_match_flag"


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        pytest.param("hvfhs_license_num = 'HV0003'", 0.70, 0.74, id="the bigger app"),
        pytest.param("hvfhs_license_num = 'HV0005'", 0.26, 0.30, id="the smaller app"),
        pytest.param("on_scene_datetime is null", 0.26, 0.30, id="no arrival"),
        pytest.param("on_scene_datetime is null and hvfhs_license_num = 'HV0003'", 0, 0, id="arrival known"),
        pytest.param("request_datetime > pickup", 0, 0, id="requested after the pickup"),
        pytest.param("trip_time = epoch(dropoff - pickup)", 1, 1, id="time is the clocks' difference"),
        pytest.param("abs(bcf - 0.0275 * base_passenger_fare) <= 0.0051", 0.999, 1, id="black car fund"),
        pytest.param("abs(sales_tax - 0.08875 * base_passenger_fare) <= 0.0051", 0.999, 1, id="sales tax"),
        pytest.param("airport_fee = 2.5", 0.05, 0.12, id="airport fee"),
        pytest.param("cbd_congestion_fee = 1.5", 0.2, 0.28, id="congestion zone"),
        pytest.param("cbd_congestion_fee > 0 and pickup < '2025-01-05'", 0, 0, id="no fee too early"),
        pytest.param("tips > 0", 0.18, 0.22, id="tips"),
        pytest.param("shared_match_flag = 'Y'", 0.010, 0.020, id="shared"),
        pytest.param("shared_match_flag = 'Y' and shared_request_flag = 'N'", 0, 0, id="shared unasked"),
        pytest.param("base_passenger_fare < 0", 0.0002, 0.0004, id="negative fares"),
        pytest.param("PULocationID not between 1 and 265", 0, 0, id="no zone beyond 265"),
        pytest.param("DOLocationID = 265", 0.030, 0.037, id="out of the city"),
    ],
)
def test_fhvhv_has_its_own_shape(fhvhv: Path, condition: str, low: float, high: float) -> None:
    assert low <= share(fhvhv, condition) <= high


def test_the_black_car_fund_took_more_before_2024(tmp_path: Path) -> None:
    file = generate_month(tmp_path, "fhvhv", "2023-12", 50_000)
    assert measured(file, "sum(bcf) / sum(base_passenger_fare)") == pytest.approx(0.03, abs=0.0005)


@pytest.mark.parametrize(("file", "rate"), [("green", 0.024), ("yellow", 0.015)])
def test_the_first_vendors_meters_store_and_forward_some_trips(
    request: pytest.FixtureRequest, file: str, rate: float
) -> None:
    """1,085 of 45,228 in three real green months, 38 of 2,464 in two yellow samples, no other vendor's."""
    month = request.getfixturevalue(file)
    stored = "(store_and_fwd_flag = 'Y')::integer"
    of_first = f"avg({stored}) filter (VendorID = 1)"
    assert measured(month, of_first) == pytest.approx(rate, rel=0.2)
    assert share(month, "store_and_fwd_flag = 'Y' and VendorID <> 1") == 0


@pytest.mark.parametrize(
    "name",
    ["green_tripdata_2020-03.csv.gz", "green_tripdata_2020-12.parquet", "green_tripdata_2023-12.parquet"],
)
def test_real_meters_of_other_vendors_store_nothing(name: str) -> None:
    real = real_month(name)
    assert share(real, "store_and_fwd_flag = 'Y' and VendorID <> 1") == 0
    assert 0.002 <= share(real, "store_and_fwd_flag = 'Y'") <= 0.006


def test_a_hot_zone_has_its_share_of_the_pickups(tmp_path: Path) -> None:
    file = generate_month(tmp_path, "green", "2024-01", 50_000, hot_zones=("74:0.5", "264:0.25"))
    assert share(file, "PULocationID = 74") == pytest.approx(0.5, abs=0.01)
    assert share(file, "PULocationID = 264") == pytest.approx(0.25, abs=0.01)


def test_the_oracle_quarantines_as_many_as_in_a_real_month(green: Path) -> None:
    """1,477 of 223,406 in the real green 2020-03 are 0.66 %."""
    windows, valid, quarantined = Oracle([green], "green", "2020-03").row_counts()
    assert 0.004 <= quarantined / ROWS <= 0.008
    assert valid + quarantined == ROWS
    assert windows > valid


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("red", "2024-01", 10, 1), "unknown taxi type 'red'"),
        (("red", "2024-02", 10, 1), "unknown taxi type"),
        (("green", "2024-1", 10, 1), "not a month"),
        (("green", "2018-12", 10, 1), "from 2019-01 on"),
        (("green", "2024-01", -1, 1), "--rows is -1; give 0 or more"),
        (("green", "2024-01", 10, -1), "--seed is -1; give 0 or more"),
        (("green", "2024-01", 10, 1, ["74"]), "; give ZONE:SHARE"),
        (("green", "2024-01", 10, 1, ["74:x"]), "; give ZONE:SHARE"),
        (("green", "2024-01", 10, 1, ["266:0.5"]), "give a zone from 1 to 265"),
        (("green", "2024-01", 10, 1, ["74:nan"]), "a share above 0"),
        (("green", "2024-01", 10, 1, ["74:1.5"]), "a share above 0"),
        (("green", "2024-01", 10, 1, ["74:0.6", "75:0.6"]), "at most 1"),
    ],
)
def test_nonsense_is_refused_with_one_line(
    options: tuple[str, str, int, int] | tuple[str, str, int, int, list[str]], reason: str
) -> None:
    taxi_type, month, *rest = options
    with pytest.raises(UserError, match=reason):
        checked_month(parse_month(str(taxi_type), str(month)), *rest)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        generate_month(tmp_path / "file", "green", "2024-01", 10)


def test_a_failed_run_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> pa.Table:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generator, "block_table", failing)
    with pytest.raises(UserError, match="No space left on device"):
        generate_month(tmp_path, "green", "2024-01", 10)
    assert list(tmp_path.iterdir()) == []


def run_generate(*options: str) -> tuple[str, str]:
    """What `generate --taxi-type green` says on stdout and stderr."""
    app = typer.Typer()
    app.command()(generate)
    result = CliRunner().invoke(app, ["--taxi-type", "green", *options])
    if isinstance(result.exception, UserError):
        raise result.exception
    return result.stdout, result.stderr


def test_the_command_says_that_the_month_is_synthetic(tmp_path: Path) -> None:
    out, err = run_generate("--month", "2024-01", "--rows", "10", "--seed", "3", "--to", str(tmp_path))
    assert out == f"{tmp_path / 'green_tripdata_2024-01.synthetic.parquet'}\n"
    assert "SYNTHETIC (seed 3): generated, not from the TLC" in err


def test_a_range_of_months_is_a_file_each(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    out, _ = run_generate("--month", "2023-12:2024-02", "--rows", "10", "--to", str(folder))
    months = ("2023-12", "2024-01", "2024-02")
    names = [f"green_tripdata_{month}.synthetic.parquet" for month in months]
    assert out.splitlines() == [str(folder / name) for name in names]
    assert sorted(file.name for file in folder.iterdir()) == names


def test_several_months_do_not_go_into_one_file(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"month.parquet is not a folder, but 2 months need one; give a folder"
    ):
        run_generate("--month", "2024-01:2024-02", "--rows", "10", "--to", str(tmp_path / "month.parquet"))


def test_too_small_a_disk_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    rows = str(10**15)
    with pytest.raises(UserError, match=r"trips take about 18.0 PB, but .* has only .* free; free disk"):
        run_generate("--month", "2024-01", "--rows", rows, "--to", str(tmp_path / "absent" / "month.parquet"))
    assert list(tmp_path.iterdir()) == []
