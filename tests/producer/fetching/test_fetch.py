"""The command `fetch`: which files, from where, to where, and what it says."""

import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
import typer
from typer.testing import CliRunner

from producer.fetching.download import DownloadSite
from producer.fetching.fetch import fetch
from producer.fetching.month_files import find_month, published_since
from schemas.errors import UserError
from schemas.tlc_month import parse_month
from tests.oracle.real_months import REPOSITORY, shared_file
from tests.producer.tlc_site import NOWHERE, TlcSite, parquet_bytes, tlc_site

pytestmark = pytest.mark.unit

MONTH = parse_month("green", "2024-01")
NAME = MONTH.file_name
SIZE = len(parquet_bytes())
TODAY = datetime(2024, 5, 17, tzinfo=UTC).date()


def name_of(month: str, taxi_type: str = "green") -> str:
    return parse_month(taxi_type, month).file_name


def lookup_bytes(zones: int = 265) -> bytes:
    rows = (f'{zone},"Queens"' for zone in range(1, zones + 1))
    return "\r\n".join(['"LocationID","Borough"', *rows]).encode()


def shapes_bytes(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"shapes" * 100)
    return buffer.getvalue()


ZONE_FILES = {
    "taxi_zone_lookup.csv": lookup_bytes(),
    "taxi_zones.zip": shapes_bytes("taxi_zones/taxi_zones.shp"),
}


@pytest.fixture
def site() -> Iterator[TlcSite]:
    with tlc_site({NAME: parquet_bytes(), **ZONE_FILES}) as site:
        yield site


def names_in(folder: Path) -> list[str]:
    """Without the notes of versions, which are hidden."""
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(".version"))


def test_months_are_found_in_the_first_folder_that_has_them(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / NAME).write_bytes(parquet_bytes())
    (folders[0] / NAME).write_bytes(parquet_bytes()[:500])
    assert find_month(MONTH, folders=folders) == folders[1] / NAME


def test_a_csv_month_is_found_too(tmp_path: Path) -> None:
    (tmp_path / "green_tripdata_2020-03.csv.gz").write_bytes(b"anything")
    found = find_month(parse_month("green", "2020-03"), folders=[tmp_path])
    assert found == tmp_path / "green_tripdata_2020-03.csv.gz"


def test_a_month_that_is_nowhere_is_none(tmp_path: Path) -> None:
    assert find_month(MONTH, folders=[tmp_path, tmp_path / "absent"]) is None


def test_the_real_cut_off_download_is_passed_over(tmp_path: Path) -> None:
    cut_off = shared_file("corrupt/yellow_tripdata_2024-01.TRUNCATED.parquet")
    (tmp_path / "yellow_tripdata_2024-01.parquet").symlink_to(cut_off)
    assert find_month(parse_month("yellow", "2024-01"), folders=[tmp_path]) is None


def published(site: TlcSite, taxi_type: str, since: str) -> list[str]:
    months = published_since(taxi_type, since, site=DownloadSite(site.base_url), today=TODAY)
    return [month.text for month in months]


def test_the_newest_published_month_is_asked_for_from_today_backwards(site: TlcSite) -> None:
    site.files |= {name_of("2024-02"): b"", name_of("2024-03"): b""}
    assert published(site, "green", "2023-12") == ["2023-12", "2024-01", "2024-02", "2024-03"]
    assert site.requested == [f"HEAD /{name_of(month)}" for month in ("2024-05", "2024-04", "2024-03")]


def test_all_since_begins_with_the_first_month_of_a_younger_taxi_type(site: TlcSite) -> None:
    site.files[name_of("2019-03", "fhvhv")] = b""
    assert published(site, "fhvhv", "2019-01") == ["2019-02", "2019-03"]


@pytest.mark.parametrize(
    ("taxi_type", "since", "reason"),
    [
        ("green", "2024-02", "has not published any green month since 2024-02"),
        ("green", "2024-06", "is in the future"),
        ("green", "2024-6", "not a month"),
        ("red", "2024-01", "unknown taxi type 'red'"),
    ],
)
def test_all_since_a_month_without_files_is_one_line(
    site: TlcSite, taxi_type: str, since: str, reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        published(site, taxi_type, since)


@dataclass(frozen=True)
class FetchOutput:
    exit_code: int
    out: str
    err: str

    @property
    def summary(self) -> str:
        return self.err.strip().splitlines()[-1]


@dataclass(frozen=True)
class FetchCommand:
    """The `fetch` command with an environment of its own."""

    environment: dict[str, str]

    def run(self, *options: str) -> FetchOutput:
        app = typer.Typer()
        app.command()(fetch)
        result = CliRunner().invoke(app, options, env=self.environment)
        message = str(result.exception) if isinstance(result.exception, UserError) else result.stderr
        return FetchOutput(result.exit_code, result.stdout, message)

    def green(self, *options: str) -> FetchOutput:
        return self.run("--taxi-type", "green", *options)


def command(base_url: str, folder: Path, data_dir: Path | None = None) -> FetchCommand:
    return FetchCommand(
        {
            "TLC_BASE_URL": base_url,
            "TLC_ZONES_URL": base_url,
            "TAXI_CACHE_DIR": str(folder / "cache"),
            "TLC_DATA_DIR": str(data_dir) if data_dir else "",
        }
    )


def test_the_command_names_the_file_and_says_when_it_was_there(site: TlcSite, tmp_path: Path) -> None:
    runner = command(site.base_url, tmp_path)
    file = tmp_path / "cache" / "months" / NAME
    assert runner.green("--month", "2024-01").out == f"green 2024-01: {file}\n"
    assert runner.green("--month", "2024-01").out == f"green 2024-01 (already present): {file}\n"


def test_the_command_looks_into_the_users_folder_first(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(parquet_bytes())
    output = command(NOWHERE, tmp_path, data_dir=tmp_path).green("--month", "2024-01")
    assert output.out == f"green 2024-01 (already present): {tmp_path / NAME}\n"


def test_the_command_copies_a_month_at_hand_to_the_named_folder(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(parquet_bytes())
    output = command(NOWHERE, tmp_path, data_dir=tmp_path).green(
        "--month", "2024-01", "--to", str(tmp_path / "to")
    )
    assert output.out == f"green 2024-01: {tmp_path / 'to' / NAME}\n"
    assert names_in(tmp_path / "to") == [NAME]


def test_the_command_fetches_a_range_and_reports_the_missing_months(site: TlcSite, tmp_path: Path) -> None:
    site.files[name_of("2024-02")] = parquet_bytes()
    output = command(site.base_url, tmp_path).green("--month", "2024-01:2024-03")
    assert (output.exit_code, output.out.count("green 2024-")) == (1, 2)
    assert output.err.splitlines()[0] == "the TLC has not published green 2024-03 yet"


def test_the_last_line_sums_up(site: TlcSite, tmp_path: Path) -> None:
    site.files |= {name_of("2024-02"): parquet_bytes(), name_of("2024-03"): parquet_bytes()}
    runner = command(site.base_url, tmp_path)
    runner.green("--month", "2024-01")
    output = runner.green("--month", "2024-01:2024-04")
    assert output.summary == f"2 fetched ({2 * SIZE / 1000:.1f} kB), 1 already present, 1 failed"


def test_ctrl_c_ends_a_transfer_that_the_next_run_continues(site: TlcSite, tmp_path: Path) -> None:
    site.faults = ["drip"]
    runner = command(site.base_url, tmp_path)
    program = [sys.executable, "-m", "producer", "fetch", "--taxi-type", "green", "--month", "2024-01"]
    environment = {**os.environ, **runner.environment, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert site.is_dripping.wait(timeout=60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "stopped; run the same command again to resume\n")
    assert runner.green("--month", "2024-01").exit_code == 0
    assert site.ranges()[0] is None
    assert str(site.ranges()[1]).startswith("bytes=")


def test_several_taxi_types_are_fetched_in_one_call(site: TlcSite, tmp_path: Path) -> None:
    site.files[name_of("2024-01", "yellow")] = parquet_bytes()
    output = command(site.base_url, tmp_path).green("--taxi-type", "yellow", "--month", "2024-01")
    assert [line.partition(":")[0] for line in output.out.splitlines()] == ["green 2024-01", "yellow 2024-01"]


def test_as_many_files_come_at_the_same_time_as_was_asked_for(site: TlcSite, tmp_path: Path) -> None:
    """The site answers none before six are asked for: with fewer at a time all would fail."""
    names = [name_of(f"2023-{number:02}") for number in range(1, 7)]
    site.files = dict.fromkeys(names, parquet_bytes())
    site.together = Barrier(6)
    output = command(site.base_url, tmp_path).green("--month", "2023-01:2023-06", "--parallel", "6")
    assert output.exit_code == 0
    assert names_in(tmp_path / "cache" / "months") == names


def test_months_that_are_not_published_yet_are_no_error_for_all_since(site: TlcSite, tmp_path: Path) -> None:
    site.files[name_of("2024-02")] = parquet_bytes()
    output = command(site.base_url, tmp_path).green("--all-since", "2024-01")
    assert (output.exit_code, names_in(tmp_path / "cache" / "months")) == (0, [NAME, name_of("2024-02")])


def test_a_dry_run_says_what_would_come_and_fetches_nothing(site: TlcSite, tmp_path: Path) -> None:
    site.files[name_of("2024-02")] = parquet_bytes()
    runner = command(site.base_url, tmp_path)
    runner.green("--month", "2024-01")
    file = tmp_path / "cache" / "months" / NAME
    site.requested.clear()
    output = runner.green("--month", "2024-01:2024-02", "--dry-run")
    assert output.out.splitlines() == [
        f"green 2024-01 (already present): {file}",
        f"green 2024-02 (to fetch, {SIZE:,} bytes): {site.base_url}/{name_of('2024-02')}",
    ]
    assert sorted(site.requested) == [f"HEAD /{name_of(month)}" for month in ("2024-01", "2024-02")]
    assert names_in(file.parent) == [NAME]


def test_a_dry_run_reports_what_is_not_published(site: TlcSite, tmp_path: Path) -> None:
    output = command(site.base_url, tmp_path).green("--month", "2024-02", "--dry-run")
    assert (output.exit_code, output.summary) == (
        1,
        "0 to fetch (0 bytes), 0 already present, 1 failed; --dry-run: nothing was fetched",
    )


def test_zones_come_into_the_cache_and_stay_there(site: TlcSite, tmp_path: Path) -> None:
    runner, folder = command(site.base_url, tmp_path), tmp_path / "cache" / "zones"
    runner.run("--zones")
    assert {name: (folder / name).read_bytes() for name in names_in(folder)} == ZONE_FILES
    assert runner.run("--zones").summary == "0 fetched (0 bytes), 2 already present, 0 failed"


def test_a_damaged_zone_file_in_the_cache_is_fetched_again(site: TlcSite, tmp_path: Path) -> None:
    runner, folder = command(site.base_url, tmp_path), tmp_path / "cache" / "zones"
    runner.run("--zones")
    (folder / "taxi_zones.zip").write_bytes(ZONE_FILES["taxi_zones.zip"][:100])
    runner.run("--zones")
    assert (folder / "taxi_zones.zip").read_bytes() == ZONE_FILES["taxi_zones.zip"]


def test_the_real_lookup_is_good(site: TlcSite, tmp_path: Path) -> None:
    site.files["taxi_zone_lookup.csv"] = shared_file("zones/taxi_zone_lookup.csv").read_bytes()
    assert command(site.base_url, tmp_path).run("--zones").exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("taxi_zone_lookup.csv", lookup_bytes(zones=264), "it has 264 rows"),
        ("taxi_zone_lookup.csv", b"<html>please log in</html>", "it has 0 rows"),
        ("taxi_zone_lookup.csv", b"\xff\xfe\x00", "not a CSV file"),
        ("taxi_zones.zip", b"<html>please log in</html>", "not a ZIP file"),
        ("taxi_zones.zip", shapes_bytes("taxi_zones.dbf"), "contains no .shp file"),
        ("taxi_zones.zip", shapes_bytes("taxi_zones.shp").replace(b"shapes", b"shapez", 1), "is damaged"),
    ],
)
def test_a_zone_file_that_is_none_is_refused(
    site: TlcSite, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    site.files[name] = content
    output = command(site.base_url, tmp_path).run("--zones")
    assert (output.exit_code, reason in output.err) == (1, True)
    assert name not in names_in(tmp_path / "cache" / "zones")


def test_no_network_is_one_line_with_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DownloadSite, "pause_seconds", lambda *_: 0)
    output = command(NOWHERE, tmp_path).green("--month", "2024-01:2024-02")
    line, summary = output.err.strip().splitlines()
    assert all(part in line for part in ("cannot download from", "TLC_DATA_DIR", "./taxi generate"))
    assert (output.exit_code, summary) == (1, "0 fetched (0 bytes), 0 already present, 2 failed")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--taxi-type", "green", "--month", "2024-13"), "'2024-13' is not a month; write it as 2024-01"),
        (("--month", "2024-01"), "no taxi type is given; add --taxi-type yellow, green or fhvhv"),
        ((), "nothing to fetch; add --month 2024-01, --all-since 2024-01 or --zones"),
    ],
)
def test_nonsense_is_one_line(tmp_path: Path, options: tuple[str, ...], reason: str) -> None:
    assert command(NOWHERE, tmp_path).run(*options) == FetchOutput(1, "", reason)
