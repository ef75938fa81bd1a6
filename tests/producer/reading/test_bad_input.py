"""Whatever is wrong with a file: one line with reason and remedy, and nothing is published."""

import gzip
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.cli import main
from tests.oracle.real_months import shared_file
from tests.producer.months import GREEN_COLUMNS, green_parquet, green_table

pytestmark = pytest.mark.unit

HEADER = ",".join(GREEN_COLUMNS)
ROW = "2,2020-03-01 10:00:00,2020-03-01 10:10:00,N,1,74,75,1,1.5,8,0.5,0.5,0,0,,0.3,9.3,1,1,0"


@dataclass(frozen=True)
class ProducerRun:
    returncode: int
    stdout: str
    stderr: str


Producer = Callable[..., ProducerRun]


@pytest.fixture
def producer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Producer:
    """`python -m producer …`, with a cache of its own and no Kafka."""
    monkeypatch.setenv("TAXI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TAXI_HOME", str(tmp_path / "home"))
    for elsewhere in ("TLC_DATA_DIR", "TAXI_ZONES_FILE"):
        monkeypatch.delenv(elsewhere, raising=False)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    def run(*arguments: str | Path) -> ProducerRun:
        monkeypatch.setattr("sys.argv", ["producer", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ProducerRun(ended.value.code or 0, *capfd.readouterr())  # type: ignore[arg-type]

    return run


def refusal(producer: Producer, file: Path) -> str:
    """The one line."""
    result = producer("replay", "--dry-run", file)
    assert result.returncode == 1, result.stdout + result.stderr
    # A machine that is slow is told how far it is.
    assert [line for line in result.stdout.splitlines() if not line.startswith("preparing ")] == []
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert file.name in line
    return line


def csv_month(folder: Path, *lines: str, name: str = "green_tripdata_2020-03.csv") -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder / name


def test_a_truncated_parquet_is_refused(producer: Producer, tmp_path: Path) -> None:
    file = shared_file("corrupt/yellow_tripdata_2024-01.TRUNCATED.parquet")
    assert "truncated" in refusal(producer, file)


def test_a_parquet_damaged_in_the_middle_is_refused(producer: Producer, tmp_path: Path) -> None:
    file = green_parquet(tmp_path, *({"fare_amount": float(n)} for n in range(2_000)))
    content = bytearray(file.read_bytes())
    content[200:2_000] = bytes(1_800)
    file.write_bytes(content)
    assert "cannot read the file" in refusal(producer, file)


def test_a_missing_file_is_named(producer: Producer, tmp_path: Path) -> None:
    assert "no such file" in refusal(producer, tmp_path / "green_tripdata_2020-03.parquet")


def test_a_name_that_tells_nothing_is_refused_with_the_flags_that_would_tell(
    producer: Producer, tmp_path: Path
) -> None:
    line = refusal(producer, csv_month(tmp_path, HEADER, ROW, name="rides.csv"))
    assert "--taxi-type and --month" in line


@pytest.mark.parametrize("column", ["lpep_dropoff_datetime", "PULocationID", "total_amount"])
def test_a_missing_column_is_named(producer: Producer, tmp_path: Path, column: str) -> None:
    pq.write_table(green_table({}, without=(column,)), tmp_path / "green_tripdata_2020-03.parquet")
    assert column.lower() in refusal(producer, tmp_path / "green_tripdata_2020-03.parquet")


def test_dates_stored_as_text_in_parquet_are_refused(producer: Producer, tmp_path: Path) -> None:
    file = tmp_path / "green_tripdata_2020-03.parquet"
    pq.write_table(green_table({}, lpep_pickup_datetime=pa.string()), file)
    assert "lpep_pickup_datetime is stored as VARCHAR, not as a clock" in refusal(producer, file)


def test_a_date_that_is_none_is_shown(producer: Producer, tmp_path: Path) -> None:
    file = csv_month(tmp_path, HEADER, ROW, ROW.replace("2020-03-01 10:10:00", "03/01/2020 10:10"))
    assert "1 values of lpep_dropoff_datetime, like '03/01/2020 10:10'" in refusal(producer, file)


def test_a_number_that_is_none_is_shown(producer: Producer, tmp_path: Path) -> None:
    file = csv_month(tmp_path, HEADER, ROW.replace("9.3", "nine"))
    assert "total_amount, like 'nine', are not amounts" in refusal(producer, file)


def test_a_number_too_big_for_the_contract_is_shown(producer: Producer, tmp_path: Path) -> None:
    file = csv_month(tmp_path, HEADER, ROW.replace(",74,", ",7400000000,"))
    assert "PULocationID, like '7400000000'" in refusal(producer, file)


def test_longitude_and_latitude_are_refused_by_name(producer: Producer, tmp_path: Path) -> None:
    file = shared_file("samples/yellow_tripdata_2009-01.head.csv")
    assert "coordinates instead of taxi zones" in refusal(producer, file)


def test_columns_renamed_by_somebody_are_refused(producer: Producer, tmp_path: Path) -> None:
    original = shared_file("samples/yellow_renamed_sample_2019-01.csv")
    file = tmp_path / "yellow_tripdata_2019-01.csv"
    file.write_bytes(original.read_bytes())
    assert "they were renamed" in refusal(producer, file)


def test_a_cut_off_gzip_is_refused(producer: Producer, tmp_path: Path) -> None:
    file = tmp_path / "green_tripdata_2020-03.csv.gz"
    content = gzip.compress("\n".join([HEADER, *[ROW] * 50_000]).encode())
    file.write_bytes(content[: len(content) // 2])
    assert "is truncated" in refusal(producer, file)


def test_a_cut_off_gzip_with_mixed_line_ends_is_refused(producer: Producer, tmp_path: Path) -> None:
    file = tmp_path / "green_tripdata_2020-03.csv.gz"
    content = gzip.compress((f"{HEADER}\r\n" + "\n".join([ROW] * 50_000)).encode())
    file.write_bytes(content[: len(content) // 2])
    assert "is truncated" in refusal(producer, file)


@pytest.mark.parametrize("content", ["", f"{HEADER}\n"])
def test_an_empty_csv_is_zero_trips(producer: Producer, tmp_path: Path, content: str) -> None:
    file = tmp_path / "green_tripdata_2020-03.csv"
    file.write_text(content, "utf-8")
    result = producer("replay", file)
    assert (result.returncode, result.stderr) == (0, "")
    assert "zero trips" in result.stdout


def test_an_empty_parquet_is_zero_trips(producer: Producer, tmp_path: Path) -> None:
    result = producer("replay", green_parquet(tmp_path))
    assert result.returncode == 0
    assert "zero trips" in result.stdout


def test_an_unknown_column_is_one_warning(producer: Producer, tmp_path: Path) -> None:
    file = csv_month(tmp_path, f"{HEADER},request_source", f"{ROW},app")
    result = producer("inspect", file)
    assert result.returncode == 0
    assert "ignoring unknown columns: request_source\n" in result.stdout


def test_an_index_column_is_no_warning(producer: Producer, tmp_path: Path) -> None:
    result = producer("inspect", csv_month(tmp_path, f",{HEADER}", f"0,{ROW}"))
    assert result.returncode == 0
    assert "warning" not in result.stdout


def test_a_kafka_that_is_away_is_one_line_within_15_seconds(producer: Producer, tmp_path: Path) -> None:
    result = producer("replay", green_parquet(tmp_path, {}))
    (line,) = result.stderr.splitlines()
    assert result.returncode == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in line


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (f"green_tripdata_2020-03-{'x' * 200}.csv", "longer than 180 bytes; rename it"),
        (os.fsdecode(b"green_tripdata_2020-03-\xff.csv"), "not UTF-8"),
        (f"{'x' * 300}/green_tripdata_2020-03.csv", "File name too long; check the name"),
        ("back\\slash[1]/green_tripdata_2020-03.csv", "a backslash and one of *?[; rename it"),
    ],
)
def test_a_path_that_cannot_be_used_is_refused(
    producer: Producer, tmp_path: Path, name: str, reason: str
) -> None:
    with suppress(OSError):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        csv_month(tmp_path, HEADER, ROW, name=name)
    result = producer("inspect", tmp_path / name)
    (line,) = result.stderr.splitlines()
    assert result.returncode == 1
    assert line.startswith("error: ")
    assert "unexpected" not in line
    assert reason in line


@pytest.mark.parametrize("variable", ["TAXI_CACHE_DIR", "TAXI_HOME"])
def test_a_folder_that_cannot_be_written_is_named(
    producer: Producer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/dev/null/folder")
    month = csv_month(tmp_path, HEADER, *[ROW] * 20, ROW.replace("8", "x"))
    (line,) = producer("inspect", month).stderr.splitlines()
    assert line.startswith("error: ")
    assert "unexpected" not in line
    assert "/dev/null/folder" in line
    assert variable in line
