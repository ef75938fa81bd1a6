"""Every vintage that the TLC ever published becomes the same trips, or is refused by name."""

import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.cli import main
from producer.months import Naming
from schemas.errors import UserError
from tests.oracle.real_months import SHARED_DATA, shared_file
from tests.producer.months import green_table, prepared, rows

pytestmark = pytest.mark.unit

SHAPES = "zones/taxi_zones.topojson"
HEADER = re.compile(
    r"\[(?P<taxi_type>\w+)\] (?P<months>\S.*?) \| names=\d+ fields_in_data=(?P<fields>\d+)"
    r" crlf=(?P<crlf>\w+) blank2nd=(?P<blank>\w+)\n    '(?P<header>.*)'"
)


@dataclass(frozen=True)
class Vintage:
    """A header that the TLC used, from its first month on, and how its files are written."""

    taxi_type: str
    months: str
    header: str
    fields: int
    is_crlf: bool
    has_blank_line: bool

    def __str__(self) -> str:
        return f"{self.taxi_type} {self.months}"

    @property
    def month(self) -> str:
        return self.months[:7]

    @property
    def names(self) -> list[str]:
        return [name.strip(' "').lower() for name in self.header.split(",")]

    def csv(self, *trips: Mapping[str, str]) -> bytes:
        """A file of these trips; each value by the name of its column in small letters."""
        lines = [self.header, *[""] * self.has_blank_line]
        for trip in trips:
            values = [trip.get(name, "") for name in self.names]
            lines.append(",".join([*values, *[""] * (self.fields - len(values))]))
        return "".join(line + ("\r\n" if self.is_crlf else "\n") for line in lines).encode()


def vintages() -> list[Vintage]:
    """All headers of the list; none where it is absent, and `test_the_list_is_read` says so."""
    file = SHARED_DATA / "headers" / "CSV_HEADER_VINTAGES.txt"
    found = HEADER.finditer(file.read_text("utf-8")) if file.exists() else ()
    return [
        Vintage(
            match["taxi_type"],
            match["months"],
            match["header"],
            int(match["fields"]),
            match["crlf"] == "True",
            match["blank"] == "True",
        )
        for match in found
    ]


VINTAGES = vintages()
REPLAYED = [vintage for vintage in VINTAGES if vintage.taxi_type in {"yellow", "green"}]
REFUSED = [vintage for vintage in VINTAGES if vintage.taxi_type not in {"yellow", "green"}]


def test_the_list_is_read_whole() -> None:
    text = shared_file("headers/CSV_HEADER_VINTAGES.txt").read_text("utf-8")
    assert len(VINTAGES) == text.count("names=") == 21


TIMES_SQUARE = {"longitude": "-73.9855", "latitude": "40.7580"}
JFK = {"longitude": "-73.7781", "latitude": "40.6437"}


def a_ride(month: str, codes_are_texts: bool) -> dict[str, str]:
    """From Times Square (230) to JFK (132), under every name that any vintage gave to its values."""
    pickup, dropoff = f"{month}-05 10:00:00", f"{month}-05 10:45:30"
    payment, vendor, flag = ("CRD", "VTS", "1") if codes_are_texts else ("1", "2", "Y")
    ride = {"vendor_name": vendor, "vendor_id": vendor, "vendorid": vendor, "payment_type": payment}
    ride |= dict.fromkeys(("rate_code", "ratecodeid"), "2")
    ride |= dict.fromkeys(("store_and_forward", "store_and_fwd_flag"), flag)
    for prefix in ("", "tpep_", "lpep_"):
        ride |= {f"{prefix}pickup_datetime": pickup, f"{prefix}dropoff_datetime": dropoff}
    ride |= {"trip_pickup_datetime": pickup, "trip_dropoff_datetime": dropoff}
    ride |= {f"pickup_{axis}": degrees for axis, degrees in TIMES_SQUARE.items()}
    ride |= {f"dropoff_{axis}": degrees for axis, degrees in JFK.items()}
    ride |= {"start_lon": TIMES_SQUARE["longitude"], "start_lat": TIMES_SQUARE["latitude"]}
    ride |= {"end_lon": JFK["longitude"], "end_lat": JFK["latitude"]}
    ride |= {"pulocationid": "230", "dolocationid": "132", "passenger_count": "3", "trip_distance": "17.45"}
    ride |= dict.fromkeys(("fare_amount", "fare_amt"), "52.0")
    ride |= dict.fromkeys(("extra", "surcharge"), "0.5")
    ride |= dict.fromkeys(("tip_amount", "tip_amt"), "11.66")
    ride |= dict.fromkeys(("tolls_amount", "tolls_amt"), "5.54")
    ride |= dict.fromkeys(("total_amount", "total_amt"), "70.5")
    return ride | {
        "mta_tax": "0.5",
        "improvement_surcharge": "0.3",
        "congestion_surcharge": "2.5",
        "trip_type": "1",
    }


def expected(vintage: Vintage) -> dict[str, Any]:
    """The trip of `a_ride` in the contract's terms; a column that the vintage lacks is null."""
    year, month = map(int, vintage.month.split("-"))

    def if_there(value: Any, *names: str) -> Any:
        return value if {*names} & {*vintage.names} else None

    return {
        "pickup_at": datetime(year, month, 5, 10, 0, 0),  # noqa: DTZ001 - New York wall-clock time
        "dropoff_at": datetime(year, month, 5, 10, 45, 30),  # noqa: DTZ001
        "pickup_zone_id": 230,
        "dropoff_zone_id": 132,
        "vendor_id": 2,
        "passenger_count": 3,
        "trip_distance": 17.45,
        "rate_code_id": 2,
        "store_and_fwd_flag": "Y",
        "payment_type": 1,
        "trip_type": if_there(1, "trip_type"),
        "fare_amount_cents": 5200,
        "extra_cents": 50,
        "mta_tax_cents": 50,
        "tip_amount_cents": 1166,
        "tolls_amount_cents": 554,
        "ehail_fee_cents": None,
        "improvement_surcharge_cents": if_there(30, "improvement_surcharge"),
        "congestion_surcharge_cents": if_there(250, "congestion_surcharge"),
        "airport_fee_cents": None,
        "total_amount_cents": 7050,
        "cbd_congestion_fee_cents": None,
    }


def written(folder: Path, vintage: Vintage, content: bytes, suffix: str = ".csv") -> Path:
    file = folder / f"{vintage.taxi_type}_tripdata_{vintage.month}{suffix}"
    file.write_bytes(gzip.compress(content) if suffix == ".csv.gz" else content)
    return file


def trips_of(file: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    source = prepared(file, file.parent / "cache", shapes=shared_file(SHAPES))
    return [dict(zip(columns, row, strict=True)) for row in rows(source, ", ".join(columns))]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@pytest.mark.parametrize("vintage", REPLAYED, ids=str)
def test_every_csv_header_becomes_the_same_trip(vintage: Vintage, suffix: str, tmp_path: Path) -> None:
    codes_are_texts = bool({"vendor_name", "vendor_id"} & {*vintage.names})
    ride = a_ride(vintage.month, codes_are_texts)
    file = written(tmp_path, vintage, vintage.csv(ride, ride), suffix)
    trip = expected(vintage)
    assert trips_of(file, tuple(trip)) == [trip, trip]


@pytest.mark.parametrize("vintage", REFUSED, ids=str)
def test_every_other_csv_header_is_refused_by_name(vintage: Vintage, tmp_path: Path) -> None:
    file = written(tmp_path, vintage, vintage.csv({}))
    with pytest.raises(UserError, match=rf"{re.escape(file.name)}.*\({vintage.taxi_type}\).*no fares"):
        prepared(file, tmp_path)


@pytest.mark.parametrize("vintage", [vintage for vintage in REFUSED if vintage.taxi_type == "fhv"], ids=str)
def test_small_bases_are_known_by_their_columns_under_another_name(vintage: Vintage, tmp_path: Path) -> None:
    file = tmp_path / f"yellow_tripdata_{vintage.month}.csv"
    file.write_bytes(vintage.csv({}))
    with pytest.raises(UserError, match=r"fhv.*no fares"):
        prepared(file, tmp_path)


@pytest.mark.parametrize(
    ("payment", "code"),
    [
        *[(text, 1) for text in ("Credit", "CREDIT", "CRD", "Cre")],
        *[(text, 2) for text in ("CASH", "Cash", "CSH", "CAS")],
        *[("No Charge", 3), ("NOC", 3), ("Dispute", 4), ("DIS", 4), ("UNK", 5), ("XYZ", None), ("", None)],
    ],
)
def test_payments_in_words_have_the_codes_of_today(payment: str, code: int | None, tmp_path: Path) -> None:
    vintage = vintage_of("yellow", "2010-01")
    file = written(tmp_path, vintage, vintage.csv(a_ride("2010-01", True) | {"payment_type": payment}))
    assert trips_of(file, ["payment_type"]) == [{"payment_type": code}]


@pytest.mark.parametrize(("vendor", "number"), [("CMT", 1), ("VTS", 2), ("DDS", None)])
def test_vendors_in_letters_have_the_numbers_of_today(
    vendor: str, number: int | None, tmp_path: Path
) -> None:
    vintage = vintage_of("yellow", "2009-01")
    file = written(tmp_path, vintage, vintage.csv(a_ride("2009-01", True) | {"vendor_name": vendor}))
    assert trips_of(file, ["vendor_id"]) == [{"vendor_id": number}]


def vintage_of(taxi_type: str, month: str) -> Vintage:
    found = [vintage for vintage in VINTAGES if vintage.taxi_type == taxi_type and vintage.month == month]
    if not found:
        pytest.skip("needs the list of headers, ../shared/data/headers/CSV_HEADER_VINTAGES.txt")
    return found[0]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["{}", "\ufeff{}"])
def test_byte_order_marks_and_line_ends_change_nothing(header: str, line_end: str, tmp_path: Path) -> None:
    vintage = vintage_of("yellow", "2019-01")
    lines = vintage.csv(a_ride("2019-01", False)).decode().split("\r\n")
    file = written(tmp_path, vintage, (header.format(lines[0]) + line_end + lines[1] + line_end).encode())
    assert trips_of(file, ["total_amount_cents"]) == [{"total_amount_cents": 7050}]


@pytest.mark.parametrize("blank", ["", "\n", "\r\n"])
def test_a_header_may_end_in_another_way_than_its_rows(blank: str, tmp_path: Path) -> None:
    vintage = vintage_of("yellow", "2014-01")
    header, _, row, _ = vintage.csv(a_ride("2014-01", True)).decode().split("\n")
    file = written(tmp_path, vintage, f"{header}\n{blank}{row}\r\n{row}\r\n".encode())
    assert trips_of(file, ["total_amount_cents"]) == [{"total_amount_cents": 7050}] * 2


def test_quoted_names_and_an_index_column_change_nothing(tmp_path: Path) -> None:
    vintage = vintage_of("green", "2019-01")
    header, row, _ = vintage.csv(a_ride("2019-01", False)).decode().split("\r\n")
    quoted = ",".join(f'"{name}"' for name in header.split(","))
    file = written(tmp_path, vintage, f'"",{quoted}\n"0",{row}\n'.encode())
    assert trips_of(file, ["total_amount_cents"]) == [{"total_amount_cents": 7050}]


def old_parquet(folder: Path, vintage: Vintage) -> Path:
    """As the TLC publishes 2009 and 2010 today: old names, texts for clocks and codes, else doubles."""
    ride = a_ride(vintage.month, True)
    texts = {"vendor_name", "vendor_id", "payment_type", "store_and_fwd_flag"}
    columns = {}
    for name, original in zip(vintage.names, vintage.header.split(","), strict=True):
        is_text = name in texts or name.endswith("datetime")
        columns[original] = [ride[name] if is_text else float(ride[name])]
    file = folder / f"yellow_tripdata_{vintage.month}.parquet"
    pq.write_table(pa.table(columns), file)
    return file


@pytest.mark.parametrize("month", ["2009-01", "2010-01"])
def test_parquet_of_2009_and_2010_with_clocks_as_text(month: str, tmp_path: Path) -> None:
    vintage = vintage_of("yellow", month)
    trip = expected(vintage)
    assert trips_of(old_parquet(tmp_path, vintage), tuple(trip)) == [trip]


HIGH_VOLUME: dict[str, tuple[pa.DataType, Any]] = {
    "hvfhs_license_num": (pa.large_string(), "HV0003"),
    "dispatching_base_num": (pa.large_string(), "B03404"),
    "originating_base_num": (pa.large_string(), "B03404"),
    "request_datetime": (pa.timestamp("us"), datetime(2025, 1, 5, 9, 55)),  # noqa: DTZ001
    "on_scene_datetime": (pa.timestamp("us"), None),
    "pickup_datetime": (pa.timestamp("us"), datetime(2025, 1, 5, 10, 0)),  # noqa: DTZ001
    "dropoff_datetime": (pa.timestamp("us"), datetime(2025, 1, 5, 10, 30)),  # noqa: DTZ001
    "PULocationID": (pa.int32(), 230),
    "DOLocationID": (pa.int32(), 132),
    "trip_miles": (pa.float64(), 17.45),
    "trip_time": (pa.int64(), 1800),
    "base_passenger_fare": (pa.float64(), 40.1),
    "tolls": (pa.float64(), 6.94),
    "bcf": (pa.float64(), 1.1),
    "sales_tax": (pa.float64(), 3.56),
    "congestion_surcharge": (pa.float64(), 2.75),
    "airport_fee": (pa.float64(), 2.5),
    "tips": (pa.float64(), 0.2),
    "driver_pay": (pa.float64(), 33.0),
    "shared_request_flag": (pa.large_string(), "N"),
    "shared_match_flag": (pa.large_string(), "N"),
    "access_a_ride_flag": (pa.large_string(), "N"),
    "wav_request_flag": (pa.large_string(), "N"),
    "wav_match_flag": (pa.large_string(), "N"),
    "cbd_congestion_fee": (pa.float64(), 1.5),
}
PARTS = (
    "fare_amount_cents, extra_cents, tolls_amount_cents, congestion_surcharge_cents, airport_fee_cents,"
    " tip_amount_cents, cbd_congestion_fee_cents, total_amount_cents"
)


def high_volume(folder: Path, without: str = "", values: Mapping[str, Any] | None = None) -> Path:
    """A month of one trip; some of its values are others."""
    columns = {
        name: pa.array([(values or {}).get(name, usual)], kind)
        for name, (kind, usual) in HIGH_VOLUME.items()
        if name != without
    }
    pq.write_table(pa.table(columns), folder / "fhvhv_tripdata_2025-01.parquet")
    return folder / "fhvhv_tripdata_2025-01.parquet"


def test_a_high_volume_trip_has_the_sum_of_its_parts_as_total(tmp_path: Path) -> None:
    (found,) = rows(
        prepared(high_volume(tmp_path), tmp_path), f"taxi_type, vendor_id, trip_distance, {PARTS}"
    )
    # extra: 1.10 + 3.56 = 4.66; total: 40.10 + 4.66 + 6.94 + 2.75 + 2.50 + 0.20 + 1.50 = 58.65
    assert found == ("fhvhv", 3, 17.45, 4010, 466, 694, 275, 250, 20, 150, 5865)
    assert sum(found[3:-1]) == found[-1]


@pytest.mark.parametrize("part", ["tolls", "bcf", "sales_tax", "tips", "airport_fee", "cbd_congestion_fee"])
def test_a_part_that_is_null_or_absent_counts_as_nothing(part: str, tmp_path: Path) -> None:
    less = round(HIGH_VOLUME[part][1] * 100)
    null = rows(
        prepared(high_volume(tmp_path, values={part: None}), tmp_path), "total_amount_cents, extra_cents"
    )
    absent = rows(prepared(high_volume(tmp_path, without=part), tmp_path), "total_amount_cents, extra_cents")
    assert null == absent
    assert null[0][0] == 5865 - less


def test_a_high_volume_trip_without_a_base_fare_has_no_total(tmp_path: Path) -> None:
    file = high_volume(tmp_path, values={"base_passenger_fare": None})
    assert rows(prepared(file, tmp_path), "total_amount_cents, tip_amount_cents") == [(None, 20)]


def test_totals_are_added_in_cents_not_in_doubles(tmp_path: Path) -> None:
    # 0.1 + 0.2 is 0.30000000000000004 in doubles; each part is rounded before it is added: 4 x 0.004 is 0.
    tiny = dict.fromkeys(("tolls", "bcf", "sales_tax", "tips"), 0.004)
    file = high_volume(tmp_path, values={"base_passenger_fare": 10.0} | tiny)
    assert rows(prepared(file, tmp_path), "total_amount_cents") == [(1000 + 275 + 250 + 150,)]


def test_any_type_that_a_number_was_stored_in_is_read(tmp_path: Path) -> None:
    usual = pq.read_table(high_volume(tmp_path))
    drifted = usual.set_column(7, "PULocationID", usual["PULocationID"].cast(pa.float64()))
    drifted = drifted.set_column(0, "hvfhs_license_num", usual["hvfhs_license_num"].cast(pa.string()))
    drifted = drifted.set_column(16, "airport_fee", pa.nulls(1))
    file = tmp_path / "fhvhv_tripdata_2025-01.drifted.parquet"
    pq.write_table(drifted, file)
    wanted = "pickup_zone_id, vendor_id, airport_fee_cents"
    assert rows(prepared(file, tmp_path), wanted) == [(230, 3, None)]


@pytest.mark.parametrize("spelling", ["airport_fee", "Airport_fee"])
def test_airport_fees_are_found_in_either_spelling(spelling: str, tmp_path: Path) -> None:
    green = green_table({})
    yellow = green.rename_columns([name.replace("lpep_", "tpep_") for name in green.column_names])
    file = tmp_path / "yellow_tripdata_2023-02.parquet"
    pq.write_table(yellow.append_column(spelling, pa.array([1.75])), file)
    assert rows(prepared(file, tmp_path), "airport_fee_cents") == [(175,)]


@pytest.mark.parametrize("taxi_type", ["yellow", "green", "fhvhv"])
def test_a_month_holds_its_taxi_type_and_first_day(taxi_type: str, tmp_path: Path) -> None:
    file = tmp_path / f"{taxi_type}_tripdata_2024-02.parquet"
    file.touch()
    month = Naming().month_file(file)
    assert (month.taxi_type, f"{month.month}", month.is_parquet) == (taxi_type, "2024-02-01", True)


def inspected(
    file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Sequence[str]:
    """The lines that `inspect` prints."""
    monkeypatch.setenv("TAXI_CACHE_DIR", str(file.parent / "cache"))
    monkeypatch.setenv("TAXI_HOME", str(file.parent / "home"))
    monkeypatch.setenv("TAXI_ZONES_FILE", str(shared_file(SHAPES)))
    monkeypatch.setattr("sys.argv", ["producer", "inspect", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return [line.strip() for line in capfd.readouterr().out.splitlines()]


def test_inspect_says_what_became_of_the_columns_of_2009(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    vintage = vintage_of("yellow", "2009-01")
    no_fix = dict.fromkeys(("start_lon", "start_lat"), "0")
    ride = a_ride("2009-01", True)
    lines = inspected(written(tmp_path, vintage, vintage.csv(ride, ride | no_fix)), monkeypatch, capfd)
    assert "2 rows, 2 valid, 0 quarantined, 0 rejected" in lines
    assert "16 of 22 columns recognised" in lines
    assert "translated: Trip_Pickup_DateTime, Trip_Dropoff_DateTime, vendor_name, store_and_forward," in (
        " ".join(lines)
    )
    (zones,) = [line for line in lines if line.startswith("pickup_zone_id from Start_Lon and Start_Lat")]
    assert zones.endswith("taxi_zones.topojson: 1 without a position (264), 0 outside every zone (265)")


def test_inspect_knows_every_column_of_a_high_volume_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = inspected(high_volume(tmp_path), monkeypatch, capfd)
    assert "fhvhv_tripdata_2025-01.parquet: fhvhv 2025-01" in lines
    assert "computed as a sum: total_amount, extra" in lines
    assert any(line.startswith("known, not used: dispatching_base_num") for line in lines)
    assert not any("unknown" in line for line in lines)
