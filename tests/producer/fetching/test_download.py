"""Downloading a month from a site that misbehaves on purpose."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.fetching.download import DownloadSite, FetchError, NotPublishedError, UnreachableError
from producer.fetching.month_files import fetch_month
from schemas.tlc_month import parse_month
from tests.producer.tlc_site import TlcSite, parquet_bytes, tlc_site

pytestmark = pytest.mark.unit

MONTH = parse_month("green", "2024-01")
NAME = MONTH.file_name


@pytest.fixture
def site() -> Iterator[TlcSite]:
    with tlc_site({NAME: parquet_bytes()}) as site:
        yield site


def fetched(site: TlcSite, folder: Path) -> Path:
    return fetch_month(MONTH, site=DownloadSite(site.base_url, first_pause_seconds=0), to=folder)


def names_in(folder: Path) -> list[str]:
    """Without the notes of versions, which are hidden."""
    return sorted(file.name for file in folder.iterdir() if not file.name.startswith(".green"))


def test_a_month_is_downloaded_whole_and_nothing_else_remains(site: TlcSite, tmp_path: Path) -> None:
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
    assert names_in(tmp_path) == [NAME]


def test_a_month_that_is_there_costs_no_request(site: TlcSite, tmp_path: Path) -> None:
    fetched(site, tmp_path)
    fetched(site, tmp_path)
    assert len(site.requests) == 1


def test_a_truncated_file_in_the_folder_is_fetched_again(site: TlcSite, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(site.files[NAME][:1000])
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_a_cut_off_transfer_is_continued_where_it_broke(site: TlcSite, tmp_path: Path) -> None:
    site.faults = ["cut", "cut"]
    size = len(site.files[NAME])
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
    assert site.ranges() == [None, f"bytes={size // 2}-", f"bytes={size // 2 + (size - size // 2) // 2}-"]


def test_an_interrupted_fetch_is_continued_by_the_next_one(site: TlcSite, tmp_path: Path) -> None:
    site.faults = ["cut", "503"]
    impatient = DownloadSite(site.base_url, attempts=1)
    with pytest.raises(UnreachableError):
        fetch_month(MONTH, site=impatient, to=tmp_path)
    site.faults = []
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
    assert site.ranges()[-1] == f"bytes={len(site.files[NAME]) // 2}-"


def test_a_file_that_changed_meanwhile_is_taken_from_its_beginning(site: TlcSite, tmp_path: Path) -> None:
    site.faults = ["cut"]
    with pytest.raises(UnreachableError):
        fetch_month(MONTH, site=DownloadSite(site.base_url, attempts=1), to=tmp_path)
    site.files[NAME], site.etag = parquet_bytes(6000), '"v2"'
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_the_rest_of_another_version_is_not_appended(site: TlcSite, tmp_path: Path) -> None:
    """A server or proxy that ignores If-Range; both versions have one size, and both end as Parquet."""
    site.faults = ["cut"]
    with pytest.raises(UnreachableError):
        fetch_month(MONTH, site=DownloadSite(site.base_url, attempts=1), to=tmp_path)
    site.files[NAME] = site.files[NAME][:4] + bytes(8) + site.files[NAME][12:]
    site.etag, site.faults = '"v2"', ["careless"]
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_a_busy_server_is_asked_again(site: TlcSite, tmp_path: Path) -> None:
    site.faults = ["503", "500", "429"]
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_a_server_that_stays_busy_is_given_up(site: TlcSite, tmp_path: Path) -> None:
    site.faults = ["503"] * 9
    with pytest.raises(UnreachableError, match="answered 503"):
        fetched(site, tmp_path)
    assert len(site.requests) == 4


@pytest.mark.parametrize("status", ["403", "404"])
def test_a_missing_month_is_not_published_yet_and_not_asked_again(
    site: TlcSite, tmp_path: Path, status: str
) -> None:
    site.faults = [status]
    with pytest.raises(NotPublishedError, match=r"^the TLC has not published green 2024-01 yet$"):
        fetched(site, tmp_path)
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>please log in</html>", "does not begin with PAR1"),
        (parquet_bytes()[:-8], "does not end with PAR1"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "cannot read its footer"),
        (b"", "only 0 bytes"),
    ],
)
def test_a_whole_answer_that_is_no_parquet_is_refused(
    site: TlcSite, tmp_path: Path, content: bytes, reason: str
) -> None:
    site.files[NAME] = content
    with pytest.raises(FetchError, match=reason):
        fetched(site, tmp_path)
    assert names_in(tmp_path) == []


def md5(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def test_bytes_that_are_not_those_of_the_etag_are_refused(site: TlcSite, tmp_path: Path) -> None:
    site.etag = md5(site.files[NAME])
    fetched(site, tmp_path / "whole")
    spoilt = bytearray(site.files[NAME])
    spoilt[100] ^= 1
    site.files[NAME] = bytes(spoilt)
    with pytest.raises(FetchError, match="does not match its ETag"):
        fetched(site, tmp_path / "spoilt")
    assert names_in(tmp_path / "spoilt") == []


@pytest.mark.parametrize("etag", ['"0123-4"', f'"{"0" * 32}-4"', f'W/"{"0" * 32}"', '"v1"', ""])
def test_an_etag_that_is_no_md5_says_nothing_of_the_bytes(site: TlcSite, tmp_path: Path, etag: str) -> None:
    site.etag = etag
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
