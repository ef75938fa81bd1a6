"""An odd file is read rightly, or refused in one plain sentence; no row is lost without a trace."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.cli import main
from producer.months import Naming
from producer.reading.prepared import span_of
from schemas.errors import UserError
from tests.odd_months import ALL, GOOD, ODD_MONTHS, ROWS, Counts, parquet, trips, with_column
from tests.producer.months import preparer_in, rows

pytestmark = pytest.mark.unit


def outcome(file: Path, cache: Path) -> Counts | str:
    """What the producer makes of a file."""
    preparer = preparer_in(cache)
    try:
        (month,) = Naming().month_files([file])
        prepared = preparer.prepare([month])
    except UserError as error:
        return str(error)
    span = span_of(prepared.path)
    assert span.valid_trips == span.trips
    return Counts(span.valid_trips, preparer.rejects(month, prepared).count)


@pytest.mark.parametrize("odd", ODD_MONTHS)
def test_an_odd_month_is_read_or_refused(odd: str, tmp_path: Path) -> None:
    month = ODD_MONTHS[odd]
    found = outcome(month.written_to(tmp_path / "raw"), tmp_path / "cache")
    if isinstance(month.right, Counts):
        assert found == month.right
    else:
        assert isinstance(found, str)
        assert month.right in found
        assert found.startswith(f"{tmp_path}/raw/green_tripdata_2024-01")
        assert "; " in found  # the remedy


@pytest.mark.parametrize("odd", ["flags as booleans", "flags as numbers", "flags as words"])
def test_flags_are_y_and_n_whatever_made_them(odd: str, tmp_path: Path) -> None:
    (month,) = Naming().month_files([ODD_MONTHS[odd].written_to(tmp_path / "raw")])
    source = preparer_in(tmp_path / "cache").prepare([month])
    assert {flag for (flag,) in rows(source, "store_and_fwd_flag")} == {"N"}


def test_a_flag_that_is_no_number_is_absent(tmp_path: Path) -> None:
    month = ODD_MONTHS["flags as numbers, some absent"]
    source = preparer_in(tmp_path / "cache").prepare(
        Naming().month_files([month.written_to(tmp_path / "raw")])
    )
    assert {flag for (flag,) in rows(source, "store_and_fwd_flag")} == {"N", None}


def test_an_empty_flag_is_absent(tmp_path: Path) -> None:
    file = tmp_path / "green_tripdata_2024-01.parquet"
    file.write_bytes(parquet(with_column("store_and_fwd_flag", pa.array(["", "Y"] * (ROWS // 2)))))
    source = preparer_in(tmp_path / "cache").prepare(Naming().month_files([file]))
    assert {flag for (flag,) in rows(source, "store_and_fwd_flag")} == {"Y", None}


def test_nanoseconds_are_cut_off_not_rounded_into_the_next_minute(tmp_path: Path) -> None:
    month = ODD_MONTHS["nanoseconds before a full second"]
    source = preparer_in(tmp_path / "cache").prepare(
        Naming().month_files([month.written_to(tmp_path / "raw")])
    )
    assert {str(clock) for (clock,) in rows(source, "dropoff_at")} == {"2024-01-10 12:00:59"}


NAMES = [
    "a*b",
    "q?m",
    "[x]",
    "per%20cent%",
    "two words",
    "ha#sh",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "-dash",
    "{a,b}",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_path_is_a_path(name: str, ending: str, tmp_path: Path) -> None:
    """Neighbours that a pattern would find are not read, and nothing of a folder's name becomes a column."""
    content = {".csv": GOOD, ".parquet": parquet(trips())}[ending]
    for folder in (name, name.translate(str.maketrans("*?[]", "xxx ")), "x", "axb"):
        place = tmp_path / folder / "vendor_id=9"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"green_tripdata_2024-01{ending}").write_bytes(content)
    file = tmp_path / name / "vendor_id=9" / f"green_tripdata_2024-01{ending}"
    (month,) = Naming().month_files([file])
    source = preparer_in(tmp_path / name / "cache").prepare([month])
    assert rows_of(source.path) == [(2,)] * ROWS


def rows_of(prepared: Path) -> list[tuple[int, ...]]:
    return [(vendor,) for vendor in pq.ParquetFile(prepared).read(["vendor_id"])["vendor_id"].to_pylist()]


def test_a_link_is_named_as_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "ab12cd").write_bytes(parquet(trips()))
    link = tmp_path / "green_tripdata_2024-01.parquet"
    link.symlink_to(tmp_path / "store" / "ab12cd")
    assert outcome(link, tmp_path / "cache") == ALL
    other = tmp_path / "green_tripdata_2023-12.parquet"
    other.write_bytes(parquet(trips()))
    link.unlink()
    link.symlink_to(other)
    (month,) = Naming().month_files([link])
    assert (month.name, month.tlc_month.text) == (link.name, "2024-01")


def test_a_file_and_a_link_to_it_are_one_month(tmp_path: Path) -> None:
    file = tmp_path / "green_tripdata_2024-01.parquet"
    file.write_bytes(parquet(trips()))
    link = tmp_path / "other" / file.name
    link.parent.mkdir()
    link.symlink_to(file)
    assert [month.path for month in Naming().month_files([file, link, file])] == [file]


def test_a_relative_path_with_a_dash_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ODD_MONTHS["CRLF"].written_to(tmp_path / "raw")
    file.rename(file.with_name(f"-{file.name}"))
    monkeypatch.chdir(file.parent)
    assert outcome(Path(f"-{file.name}"), tmp_path / "cache") == ALL


def inspected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: Path | str
) -> tuple[int, str, str]:
    monkeypatch.setenv("TAXI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TAXI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.argv", ["producer", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capfd.readouterr()
    return int(ended.value.code or 0), output.out, output.err


def test_inspect_goes_on_after_a_bad_file_and_says_so_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = ODD_MONTHS["gzip cut off"].written_to(tmp_path / "bad")
    good = ODD_MONTHS["CR alone"].written_to(tmp_path / "good")
    missing = tmp_path / "green_tripdata_2024-02.csv"
    code, out, err = inspected(tmp_path, monkeypatch, capfd, "inspect", bad, missing, good)
    assert code == 1
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["error"] * 2
    assert f"{ROWS} rows, {ROWS} valid" in out


@pytest.mark.parametrize("command", [("inspect",), ("replay", "--dry-run")])
def test_a_month_under_a_wrong_name_needs_force(
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "green_tripdata_2023-06.parquet"
    file.write_bytes(parquet(trips()))
    code, out, err = inspected(tmp_path, monkeypatch, capfd, *command, file)
    assert code == 1
    assert f"{ROWS} of {ROWS} trips would be quarantined, most of them by" in out + err
    assert "the rule outside_source_month" in out + err
    assert inspected(tmp_path, monkeypatch, capfd, *command, "--force", file)[0] == 0
