"""A month that the TLC publishes once more under its name is noticed, put beside, and taken on request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from control_plane.months.fetching import fetch_missing
from control_plane.months.history import History
from control_plane.settings import HistorySettings
from producer.fetching.versions import FileVersion, read_version
from schemas.tlc_month import parse_month
from tests.producer.fetching.test_fetch import NAME, command
from tests.producer.fetching.test_fetch_to_s3 import KEY, TO, S3FetchCommand
from tests.producer.s3_server import BUCKET, s3_server
from tests.producer.tlc_site import NOWHERE, TlcSite, parquet_bytes, tlc_site

pytestmark = pytest.mark.unit

OLD, NEW = parquet_bytes(), parquet_bytes(6000)
MONTH = ("--month", "2024-01")


@pytest.fixture
def site() -> Iterator[TlcSite]:
    with tlc_site({NAME: OLD}) as site:
        yield site


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "months" / NAME


def beside(file: Path) -> Path:
    return file.parent / "reissued" / file.name


def reissue(site: TlcSite, content: bytes = NEW) -> None:
    site.files[NAME], site.etag = content, '"v2"'


def test_the_same_version_costs_a_question_and_no_transfer(site: TlcSite, tmp_path: Path, file: Path) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    assert runner.green(*MONTH).out == f"green 2024-01 (already present): {file}\n"
    assert [request.split()[0] for request in site.requested] == ["GET", "HEAD"]


@pytest.mark.parametrize("fault", ["405", "400"])
def test_a_site_that_refuses_the_question_does_not_take_the_month_away(
    site: TlcSite, tmp_path: Path, file: Path, fault: str
) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    site.faults = [fault]
    output = runner.green(*MONTH)
    assert (output.exit_code, output.out) == (0, f"green 2024-01 (already present): {file}\n")


def test_a_reissue_is_fetched_beside_and_the_older_file_stays(
    site: TlcSite, tmp_path: Path, file: Path
) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    reissue(site)
    for _ in range(2):
        output = runner.green(*MONTH)
        assert output.exit_code == 0
        assert output.out == f"green 2024-01 (already present, re-issued since): {file}\n"
        assert f"the new file is {beside(file)}; to replace {file}, add --refresh" in output.err
    assert (file.read_bytes(), beside(file).read_bytes()) == (OLD, NEW)
    assert [request.split()[0] for request in site.requested].count("GET") == 2


def test_refresh_takes_the_reissue(site: TlcSite, tmp_path: Path, file: Path) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    reissue(site)
    runner.green(*MONTH)
    assert runner.green(*MONTH, "--refresh").out == f"green 2024-01 (re-issued): {file}\n"
    assert file.read_bytes() == NEW
    assert not beside(file).exists()
    assert runner.green(*MONTH).out == f"green 2024-01 (already present): {file}\n"


def test_a_site_without_tags_is_known_by_its_times(site: TlcSite, tmp_path: Path, file: Path) -> None:
    site.etag, site.last_modified = "", "Mon, 01 Jan 2024 00:00:00 GMT"
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    assert "re-issued" not in runner.green(*MONTH).out
    site.files[NAME], site.last_modified = parquet_bytes(6000), "Tue, 02 Jan 2024 00:00:00 GMT"
    output = runner.green(*MONTH)
    assert "re-issued since" in output.out
    assert "of Tue, 02 Jan 2024" in output.err


def test_a_month_published_once_more_with_the_same_bytes_is_no_reissue(
    site: TlcSite, tmp_path: Path, file: Path
) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    reissue(site, OLD)
    assert runner.green(*MONTH).out == f"green 2024-01 (already present): {file}\n"
    assert not beside(file).exists()
    version = read_version(file)
    assert version is not None
    assert version.etag == '"v2"'


def test_a_file_of_the_cache_without_a_note_is_known_by_its_size(
    site: TlcSite, tmp_path: Path, file: Path
) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(NEW)
    assert "re-issued since" in command(site.base_url, tmp_path).green(*MONTH).out
    file.write_bytes(OLD)
    assert "(already present)" in command(site.base_url, tmp_path).green(*MONTH).out


def test_a_tlc_that_is_away_hinders_nobody_who_has_the_file(
    site: TlcSite, tmp_path: Path, file: Path
) -> None:
    command(site.base_url, tmp_path).green(*MONTH)
    output = command(NOWHERE, tmp_path).green(*MONTH)
    assert (output.exit_code, output.out) == (0, f"green 2024-01 (already present): {file}\n")


def test_a_dry_run_says_that_a_month_was_reissued_and_fetches_nothing(
    site: TlcSite, tmp_path: Path, file: Path
) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    reissue(site)
    output = runner.green(*MONTH, "--dry-run")
    assert output.out == f"green 2024-01 (already present, re-issued since): {file}\n"
    assert f"the new file is {site.base_url}/{NAME}" in output.err
    assert not beside(file).exists()


def test_what_lies_in_the_users_own_folder_is_not_asked_for(site: TlcSite, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(NEW)
    command(site.base_url, tmp_path, data_dir=tmp_path).green(*MONTH)
    assert site.requested == []


def test_a_copy_in_a_named_folder_is_asked_for_as_well(site: TlcSite, tmp_path: Path) -> None:
    runner = command(site.base_url, tmp_path)
    runner.green(*MONTH)
    runner.green(*MONTH, "--to", str(tmp_path / "to"))
    reissue(site)
    assert "re-issued since" in runner.green(*MONTH, "--to", str(tmp_path / "to")).out
    runner.green(*MONTH, "--to", str(tmp_path / "to"), "--refresh")
    assert (tmp_path / "to" / NAME).read_bytes() == NEW


def test_a_reissue_goes_beside_the_object_in_a_bucket(site: TlcSite, tmp_path: Path) -> None:
    with s3_server() as s3:
        fetch = S3FetchCommand(s3.url, tmp_path, (("TLC_BASE_URL", site.base_url),))
        assert fetch.run().out == f"green 2024-01: s3://{BUCKET}/{KEY}"
        assert fetch.run().out == f"green 2024-01 (already present): s3://{BUCKET}/{KEY}"
        reissue(site)
        since = f"green 2024-01 (already present, re-issued since): s3://{BUCKET}/{KEY}"
        assert fetch.run(TO, "--dry-run").out == since
        assert fetch.run().out == since
        aside = KEY.replace("raw-data/", "raw-data/reissued/")
        assert s3.objects() == {KEY: OLD, aside: NEW}
        assert fetch.run(TO, "--refresh").out == f"green 2024-01 (re-issued): s3://{BUCKET}/{KEY}"
        assert s3.objects()[KEY] == NEW


def test_a_backfill_notices_a_reissue_and_takes_it_with_refresh(
    site: TlcSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TLC_BASE_URL", site.base_url)
    monkeypatch.setenv("TAXI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("TLC_DATA_DIR", raising=False)
    places = {"RAW_DATA": str(tmp_path / "raw"), "PROCESSED_DATA": str(tmp_path / "processed")}
    history, month = History.of(HistorySettings.from_environment(places)), parse_month("green", "2024-01")
    assert fetch_missing(history, [month]) == []
    before = history.content(month)
    reissue(site)
    fetch_missing(history, [month])
    assert "the TLC has re-issued this month" in capfd.readouterr().err
    assert [file.path for file in history.raw_files(month)] == [NAME]
    assert history.content(month) == before
    fetch_missing(history, [month], refresh=True)
    assert history.content(month) != before
    assert (tmp_path / "raw" / NAME).read_bytes() == NEW


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (("a", "", 1), ("b", "", 1), True),
        (("W/a", "", 1), ("a", "", 2), False),
        (("", "x", 1), ("b", "y", 1), True),
        (("", "", 1), ("b", "y", 2), True),
        (("", "", None), ("b", "y", 2), False),
    ],
)
def test_versions_differ_by_the_surest_sign_that_both_have(
    one: tuple[str, str, int | None], other: tuple[str, str, int | None], differs: bool
) -> None:
    assert FileVersion(*one).differs_from(FileVersion(*other)) is differs
