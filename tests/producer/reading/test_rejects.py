"""A value that the contract cannot carry leaves out its row and nothing else; a person sees which and why."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.cli import main
from producer.months import Naming
from producer.reading.prepared import span_of
from schemas.errors import UserError
from schemas.trip_columns import LONGEST_TEXT
from tests.oracle.real_months import shared_file
from tests.producer.months import GREEN_COLUMNS, green_table, prepared, preparer_in, rows

pytestmark = pytest.mark.unit

HEADER = ",".join(GREEN_COLUMNS)
GOOD = "2,2020-03-01 10:00:00,2020-03-01 10:10:00,N,1,74,75,1,1.5,8,0.5,0.5,0,0,,0.3,9.3,1,1,0"
GOOD_ROWS = 30


def csv_month(folder: Path, *bad: str | bytes, good: int = GOOD_ROWS) -> Path:
    """Good rows, then a bad one after each tenth."""
    lines = [HEADER.encode(), *[GOOD.encode()] * good]
    for number, line in enumerate(bad):
        lines.insert(11 + 10 * number, line if isinstance(line, bytes) else line.encode())
    file = folder / "green_tripdata_2020-03.csv"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def rejects_of(file: Path, cache: Path) -> list[dict[str, str]]:
    """The lines of the reject file."""
    (month,) = Naming().month_files([file])
    preparer = preparer_in(cache)
    listed = preparer.rejects(month, preparer.prepare([month]))
    if listed.path is None:
        return []
    with listed.path.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))
    assert len(found) == listed.count
    return found


def test_a_month_without_rejects_has_no_reject_file(tmp_path: Path) -> None:
    assert rejects_of(csv_month(tmp_path), tmp_path / "cache") == []
    assert not (tmp_path / "cache" / "rejects").exists()


@pytest.mark.parametrize(
    ("bad", "column", "value", "reason"),
    [
        (GOOD.replace("2020-03-01 10:10:00", "2020-02-30 10:10:00"), 2, "2020-02-30 10:10:00", "not a time"),
        (GOOD.replace("2020-03-01 10:10:00", "infinity"), 2, "infinity", "not a time"),
        (
            GOOD.replace("2020-03-01 10:10:00", "12020-03-01 10:10:00"),
            2,
            "12020-03-01 10:10:00",
            "not a time",
        ),
        (GOOD.replace("9.3", "nine"), 16, "nine", "not an amount"),
        (GOOD.replace("9.3", "1e30"), 16, "1e30", "not an amount"),
        (GOOD.replace(",74,", ",7400000000,"), 5, "7400000000", "not a whole number"),
        (GOOD.replace(",74,", ",Harlem,"), 5, "Harlem", "not a whole number"),
    ],
)
def test_a_value_that_does_not_fit_is_listed_with_its_row_and_reason(
    bad: str, column: int, value: str, reason: str, tmp_path: Path
) -> None:
    (listed,) = rejects_of(csv_month(tmp_path, bad), tmp_path / "cache")
    name = tuple(GREEN_COLUMNS)[column]
    assert (listed["row"], listed["column"], listed["value"]) == ("11", name, value)
    assert listed["reason"].startswith(reason)
    assert list(json.loads(listed["raw_row"])) == list(GREEN_COLUMNS)
    assert json.loads(listed["raw_row"])[name] == value


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (GOOD.encode().replace(b",N,", b",\xff\xfe,"), "is not UTF-8"),
        (GOOD.encode().replace(b",N,", b",N\0,"), "has a zero byte"),
        (b"2,2020-03-01 10:00:00,2020-03-01", "has fewer fields than the other rows"),
        (GOOD.encode() + b",1,2,3", "has more fields than the other rows"),
    ],
)
def test_a_line_that_is_no_row_is_listed_as_it_stands(bad: bytes, reason: str, tmp_path: Path) -> None:
    (listed,) = rejects_of(csv_month(tmp_path, bad), tmp_path / "cache")
    assert (listed["row"], listed["reason"]) == ("11", reason)
    assert listed["raw_row"] == bad.decode("utf-8", "replace").replace("\0", "\ufffd")


def test_rows_are_counted_as_they_stand_in_the_file_whatever_is_wrong_before_them(tmp_path: Path) -> None:
    torn, no_number = "2,2020-03-01", GOOD.replace("9.3", "nine")
    listed = rejects_of(csv_month(tmp_path, torn, no_number, torn), tmp_path / "cache")
    assert [(line["row"], line["value"]) for line in listed] == [("11", ""), ("21", "nine"), ("31", "")]


def test_the_other_rows_are_replayed_with_the_ids_that_they_have_without_the_bad_one(tmp_path: Path) -> None:
    whole = csv_month(tmp_path)
    ids = rows(prepared(whole, tmp_path / "cache"), "trip_id")
    assert len(set(ids)) == GOOD_ROWS
    spoilt = csv_month(tmp_path, GOOD.replace("9.3", "nine"), "2,2020-03-01")
    assert rows(prepared(spoilt, tmp_path / "cache"), "trip_id") == ids


@pytest.mark.parametrize(
    "odd",
    [
        GOOD.replace(",74,", ",-1,"),
        GOOD.replace("9.3", "863380"),
        GOOD.replace("2020-03-01 10:10:00", "2041-08-17 00:00:00"),
        GOOD.replace("9.3", "nan"),
        GOOD.replace("9.3", "-inf"),
        GOOD.replace(",74,", ",,"),
    ],
)
def test_what_only_breaks_a_rule_is_sent_and_quarantined_by_the_stream(odd: str, tmp_path: Path) -> None:
    file = csv_month(tmp_path, odd)
    assert rejects_of(file, tmp_path / "cache") == []
    span = span_of(prepared(file, tmp_path / "cache").path)
    assert (span.trips, span.valid_trips) == (GOOD_ROWS + 1, GOOD_ROWS)


def test_a_tenth_is_left_out_and_more_is_refused(tmp_path: Path) -> None:
    no_number, no_date = GOOD.replace("9.3", "nine"), GOOD.replace("2020-03-01 10:10", "yesterday")
    assert len(rejects_of(csv_month(tmp_path, no_number, good=9), tmp_path / "cache")) == 1
    with pytest.raises(UserError, match=r"1 values of total_amount, like 'nine', are not amounts"):
        prepared(csv_month(tmp_path, no_number, good=8), tmp_path / "cache")
    with pytest.raises(UserError, match=r"2 values of lpep_dropoff_datetime, like 'yesterday"):
        prepared(csv_month(tmp_path, no_date, no_number, no_date, good=20), tmp_path / "cache")
    with pytest.raises(UserError, match=r"2 of 12 lines are not rows; row 11 has fewer fields"):
        prepared(csv_month(tmp_path, "2,,", "2,,", good=10), tmp_path / "cache")


def test_the_reject_file_is_the_same_every_time_and_comes_back_when_it_was_removed(tmp_path: Path) -> None:
    bad = [GOOD.replace("9.3", "nine"), "2,2020-03-01", GOOD.replace("9.3", "1e30")]
    file, cache = csv_month(tmp_path, *bad), tmp_path / "cache"
    rejects_of(file, cache)
    (first,) = (cache / "rejects").iterdir()
    content = first.read_bytes()
    assert first.name.startswith("green_tripdata_2020-03.csv.")
    first.unlink()
    rejects_of(file, cache)
    assert first.read_bytes() == content
    shutil.rmtree(cache)
    rejects_of(file, cache)
    assert first.read_bytes() == content


def test_rejects_are_warned_of_every_time_also_when_the_month_comes_from_the_cache(tmp_path: Path) -> None:
    warnings: list[str] = []
    months = Naming().month_files([csv_month(tmp_path, GOOD.replace("9.3", "nine"))])
    for _ in range(2):
        preparer_in(tmp_path / "cache", warnings=warnings).prepare(months)
    assert len(warnings) == 2
    assert warnings[0] == warnings[1]
    assert "green_tripdata_2020-03.csv: 1 row was rejected" in warnings[0]
    assert str(tmp_path / "cache" / "rejects") in warnings[0]


@pytest.mark.parametrize("command", [("replay", "--dry-run"), ("inspect",)])
def test_both_commands_say_what_is_left_out(
    command: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAXI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TAXI_HOME", str(tmp_path / "home"))
    file = csv_month(tmp_path, GOOD.replace("9.3", "nine"), GOOD.replace("9.3", "ten"))
    monkeypatch.setattr("sys.argv", ["producer", *command, str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    (written,) = (tmp_path / "home" / "rejects").iterdir()
    output = capfd.readouterr().out
    assert not ended.value.code
    assert f"warning: {file}: 2 rows were rejected" in output
    assert str(written) in output
    assert ("32 rows, 30 valid, 0 quarantined, 2 rejected" in output) == (command == ("inspect",))


def parquet_month(folder: Path, **values: pa.Array) -> Path:
    """Thirty good trips, some columns replaced."""
    table = green_table(*[{}] * GOOD_ROWS)
    for name, column in values.items():
        table = table.set_column(table.column_names.index(name), name, column)
    pq.write_table(table, folder / "green_tripdata_2020-03.parquet")
    return folder / "green_tripdata_2020-03.parquet"


def test_a_number_too_big_in_parquet_is_left_out(tmp_path: Path) -> None:
    zones = pa.array([74] * 6 + [2**40] + [74] * 23, pa.int64())
    file = parquet_month(tmp_path, PULocationID=zones)
    (listed,) = rejects_of(file, tmp_path / "cache")
    assert (listed["row"], listed["column"], listed["value"]) == ("7", "PULocationID", str(2**40))
    assert json.loads(listed["raw_row"])["DOLocationID"] == 75


def test_a_raw_row_with_infinities_can_be_listed(tmp_path: Path) -> None:
    zones = pa.array([2**40] + [74] * 29, pa.int64())
    tips = pa.array([float("nan"), float("inf"), *[0.0] * 28])
    (listed,) = rejects_of(parquet_month(tmp_path, PULocationID=zones, tip_amount=tips), tmp_path / "cache")
    assert '"tip_amount"' in listed["raw_row"]


def test_text_in_parquet_that_is_no_utf_8_is_left_out(tmp_path: Path) -> None:
    as_bytes = pa.array([b"N"] * 3 + [b"\xff\xfe"] + [None] + [b"Y"] * 25, pa.binary())
    as_text = pa.Array.from_buffers(pa.string(), GOOD_ROWS, as_bytes.buffers())
    file = parquet_month(tmp_path, store_and_fwd_flag=as_text)
    (listed,) = rejects_of(file, tmp_path / "cache")
    assert (listed["row"], listed["column"]) == ("4", "store_and_fwd_flag")
    assert listed["reason"].startswith("not a text")
    flags = {flag for (flag,) in rows(prepared(file, tmp_path / "cache"), "store_and_fwd_flag")}
    assert flags == {"N", "Y", None}


def test_a_text_that_no_sink_has_room_for_is_left_out(tmp_path: Path) -> None:
    flags = pa.array(["N" * LONGEST_TEXT, "N" * (LONGEST_TEXT + 1)] + ["N"] * 28)
    (listed,) = rejects_of(parquet_month(tmp_path, store_and_fwd_flag=flags), tmp_path / "cache")
    assert (listed["row"], listed["column"]) == ("2", "store_and_fwd_flag")


def test_a_clock_beyond_the_calendar_in_parquet_is_left_out(tmp_path: Path) -> None:
    year_12000 = 316_516_435_200_000_000
    clocks = pa.array([year_12000, *[1_583_057_400_000_000] * 29], pa.timestamp("us"))
    (listed,) = rejects_of(parquet_month(tmp_path, lpep_dropoff_datetime=clocks), tmp_path / "cache")
    assert (listed["row"], listed["column"]) == ("1", "lpep_dropoff_datetime")


def test_texts_that_are_no_clock_in_a_month_of_2009_are_left_out(tmp_path: Path) -> None:
    sample = shared_file("samples/yellow_tripdata_2009-01.head.csv")
    lines = sample.read_text("utf-8").splitlines()
    lines[5] = lines[5].replace("2009-01", "2009-13")
    file = tmp_path / sample.name
    file.write_text("\n".join(lines), "utf-8")
    preparer = preparer_in(tmp_path / "cache", shared_file("zones/taxi_zones.topojson"))
    (month,) = Naming().month_files([file])
    source = preparer.prepare([month])
    assert preparer.rejects(month, source).count == 1
    assert span_of(source.path).trips == 999


@pytest.mark.parametrize(
    "bad",
    [
        (GOOD.replace(",N,", ',"N,'),),
        (GOOD.replace(",N,", ',N",'),),
        (GOOD.replace(",N,", ',"N,'), GOOD.replace(",N,", ',N",')),
        (GOOD.replace(",N,", ',"N,'), GOOD, GOOD, GOOD.replace(",N,", ',"N,'), GOOD.replace(",N,", ',"N,')),
        (f'{GOOD}"',),
        (f'"{GOOD}',),
        (GOOD.replace(",N,", ',"N"x,'),),
    ],
    ids=["opened", "closed", "opened and closed", "three", "at the end", "at the start", "text behind it"],
)
def test_a_stray_quote_takes_its_own_line_with_it_and_no_other(bad: Sequence[str], tmp_path: Path) -> None:
    file = csv_month(tmp_path, *bad, good=60)
    listed = rejects_of(file, tmp_path / "cache")
    stray = [line for line in bad if line != GOOD]
    assert [line["raw_row"] for line in listed] == stray
    assert {line["reason"] for line in listed} == {"has a misplaced quote"}
    assert [int(line["row"]) for line in listed] == [
        11 + 10 * number for number, line in enumerate(bad) if line != GOOD
    ]
    assert span_of(prepared(file, tmp_path / "cache").path).trips == 60 + len(bad) - len(stray)


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_stray_quote_in_the_last_line_is_one_reject(end: str, tmp_path: Path) -> None:
    file = csv_month(tmp_path)
    file.write_text(file.read_text("utf-8") + GOOD.replace(",N,", ',"N,') + end, "utf-8")
    (listed,) = rejects_of(file, tmp_path / "cache")
    assert listed["row"] == str(GOOD_ROWS + 1)
    assert span_of(prepared(file, tmp_path / "cache").path).trips == GOOD_ROWS


def test_a_stray_quote_far_before_the_next_one_loses_no_row(tmp_path: Path) -> None:
    stray = GOOD.replace(",N,", ',"N,')
    file = tmp_path / "green_tripdata_2020-03.csv"
    file.write_text("\n".join([HEADER, *[GOOD] * 500, stray, *[GOOD] * 30_000, stray, GOOD]) + "\n", "utf-8")
    assert len(rejects_of(file, tmp_path / "cache")) == 2
    assert span_of(prepared(file, tmp_path / "cache").path).trips == 30_501


def test_a_value_that_really_goes_on_in_the_next_line_is_one_row(tmp_path: Path) -> None:
    file = tmp_path / "green_tripdata_2020-03.csv"
    lines = [
        f"{HEADER},note",
        *[f'{GOOD},"plain, ""quoted"""'] * 5,
        f'{GOOD},"first',
        "",
        'second, third"',
        f"{GOOD},",
    ]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    assert rejects_of(file, tmp_path / "cache") == []
    assert span_of(prepared(file, tmp_path / "cache").path).trips == 7


def test_a_flag_with_a_line_break_is_one_reject(tmp_path: Path) -> None:
    (listed,) = rejects_of(csv_month(tmp_path, GOOD.replace(",N,", ',"N\n",')), tmp_path / "cache")
    assert (listed["row"], listed["column"]) == ("11", "store_and_fwd_flag")
    assert span_of(prepared(csv_month(tmp_path), tmp_path / "cache").path).trips == GOOD_ROWS
