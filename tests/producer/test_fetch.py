"""Fetching months from a site that misbehaves on purpose."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from producer.errors import UserError
from producer.fetch import (
    Download,
    FetchError,
    NotPublishedError,
    UnreachableError,
    fetch,
    fetch_month,
    find_month,
)
from tests.oracle.real_months import shared_file

pytestmark = pytest.mark.unit

NAME = "green_tripdata_2024-01.parquet"
NOWHERE = "http://127.0.0.1:9/trip-data"


def parquet_bytes(rows: int = 5000) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"total_amount": [float(row) for row in range(rows)]}), buffer)
    return buffer.getvalue()


@dataclass
class Site:
    """A local stand-in for the TLC's download: each fault of `faults` spoils one answer, then it behaves."""

    files: dict[str, bytes]
    etag: str = '"v1"'
    faults: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    base_url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(dict(handler.headers))
        fault = self.faults.pop(0) if self.faults else ""
        content = self.files.get(handler.path.removeprefix("/"))
        if fault.isdigit() or content is None:
            handler.send_error(int(fault or 404))
            return
        start = self._start(handler)
        body = content[start:]
        handler.send_response(206 if start else 200)
        handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(len(body)))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if fault == "cut" else body)

    def _start(self, handler: BaseHTTPRequestHandler) -> int:
        """Where to begin: at the asked byte only if the asker holds the same version."""
        if handler.headers.get("If-Range") != self.etag:
            return 0
        return int(handler.headers["Range"].removeprefix("bytes=").rstrip("-"))

    def ranges(self) -> list[str | None]:
        return [request.get("Range") for request in self.requests]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site({NAME: parquet_bytes()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.base_url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield site
        server.shutdown()


def fetched(site: Site, folder: Path) -> Path:
    return fetch_month("green", "2024-01", download=Download(site.base_url, first_pause_seconds=0), to=folder)


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_month_is_downloaded_whole_and_nothing_else_remains(site: Site, tmp_path: Path) -> None:
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
    assert names_in(tmp_path) == [NAME]


def test_a_month_that_is_there_costs_no_request(site: Site, tmp_path: Path) -> None:
    fetched(site, tmp_path)
    fetched(site, tmp_path)
    assert len(site.requests) == 1


def test_a_truncated_file_in_the_folder_is_fetched_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(site.files[NAME][:1000])
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_a_cut_off_transfer_is_continued_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.faults = ["cut", "cut"]
    size = len(site.files[NAME])
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
    assert site.ranges() == [None, f"bytes={size // 2}-", f"bytes={size // 2 + (size - size // 2) // 2}-"]


def test_an_interrupted_fetch_is_continued_by_the_next_one(site: Site, tmp_path: Path) -> None:
    site.faults = ["cut", "503"]
    impatient = Download(site.base_url, attempts=1)
    with pytest.raises(UnreachableError):
        fetch_month("green", "2024-01", download=impatient, to=tmp_path)
    site.faults = []
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]
    assert site.ranges()[-1] == f"bytes={len(site.files[NAME]) // 2}-"


def test_a_file_that_changed_meanwhile_is_taken_from_its_beginning(site: Site, tmp_path: Path) -> None:
    site.faults = ["cut"]
    with pytest.raises(UnreachableError):
        fetch_month("green", "2024-01", download=Download(site.base_url, attempts=1), to=tmp_path)
    site.files[NAME], site.etag = parquet_bytes(6000), '"v2"'
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.faults = ["503", "500", "429"]
    assert fetched(site, tmp_path).read_bytes() == site.files[NAME]


def test_a_server_that_stays_busy_is_given_up(site: Site, tmp_path: Path) -> None:
    site.faults = ["503"] * 9
    with pytest.raises(UnreachableError, match="answered 503"):
        fetched(site, tmp_path)
    assert len(site.requests) == 4


@pytest.mark.parametrize("status", ["403", "404"])
def test_a_missing_month_is_not_published_yet_and_not_asked_again(
    site: Site, tmp_path: Path, status: str
) -> None:
    site.faults = [status]
    with pytest.raises(NotPublishedError, match=r"^the TLC has not published green 2024-01 \(yet\)$"):
        fetched(site, tmp_path)
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>please log in</html>", "does not begin with PAR1"),
        (parquet_bytes()[:-8], "does not end with PAR1"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "footer cannot be read"),
        (b"", "only 0 bytes"),
    ],
)
def test_a_whole_answer_that_is_no_parquet_is_refused(
    site: Site, tmp_path: Path, content: bytes, reason: str
) -> None:
    site.files[NAME] = content
    with pytest.raises(FetchError, match=reason):
        fetched(site, tmp_path)
    assert names_in(tmp_path) == []


def test_months_are_found_in_the_first_folder_that_has_them(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / NAME).write_bytes(parquet_bytes())
    (folders[0] / NAME).write_bytes(parquet_bytes()[:500])
    assert find_month("green", "2024-01", folders=folders) == folders[1] / NAME


def test_a_csv_month_is_found_too(tmp_path: Path) -> None:
    (tmp_path / "green_tripdata_2020-03.csv.gz").write_bytes(b"anything")
    assert find_month("green", "2020-03", folders=[tmp_path]) == tmp_path / "green_tripdata_2020-03.csv.gz"


def test_a_month_that_is_nowhere_is_none(tmp_path: Path) -> None:
    assert find_month("green", "2024-01", folders=[tmp_path, tmp_path / "absent"]) is None


def test_the_real_cut_off_download_is_passed_over(tmp_path: Path) -> None:
    cut_off = shared_file("corrupt/yellow_tripdata_2024-01.TRUNCATED.parquet")
    (tmp_path / "yellow_tripdata_2024-01.parquet").symlink_to(cut_off)
    assert find_month("yellow", "2024-01", folders=[tmp_path]) is None


@dataclass(frozen=True)
class Told:
    exit_code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """The `fetch` command with an environment of its own."""

    environment: dict[str, str]

    def run(self, *options: str) -> Told:
        app = typer.Typer()
        app.command()(fetch)
        result = CliRunner().invoke(app, ["--taxi-type", "green", *options], env=self.environment)
        message = str(result.exception) if isinstance(result.exception, UserError) else result.stderr
        return Told(result.exit_code, result.stdout, message)


def command(base_url: str, folder: Path, data_dir: Path | None = None) -> Command:
    environment = {"TLC_BASE_URL": base_url, "TAXI_CACHE_DIR": str(folder / "cache")}
    return Command(environment | {"TLC_DATA_DIR": str(data_dir) if data_dir else ""})


def test_the_command_names_the_file_and_says_when_it_was_there(site: Site, tmp_path: Path) -> None:
    runner = command(site.base_url, tmp_path)
    file = tmp_path / "cache" / "months" / NAME
    assert runner.run("--month", "2024-01") == Told(0, f"green 2024-01: {file}\n", "")
    assert runner.run("--month", "2024-01").out == f"green 2024-01 (already there): {file}\n"


def test_the_command_looks_into_the_users_folder_first(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(parquet_bytes())
    told = command(NOWHERE, tmp_path, data_dir=tmp_path).run("--month", "2024-01")
    assert told.out == f"green 2024-01 (already there): {tmp_path / NAME}\n"


def test_the_command_copies_a_month_at_hand_to_the_named_folder(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(parquet_bytes())
    told = command(NOWHERE, tmp_path, data_dir=tmp_path).run(
        "--month", "2024-01", "--to", str(tmp_path / "to")
    )
    assert told.out == f"green 2024-01: {tmp_path / 'to' / NAME}\n"
    assert names_in(tmp_path / "to") == [NAME]


def test_the_command_fetches_a_range_and_reports_the_missing_months(site: Site, tmp_path: Path) -> None:
    site.files[NAME.replace("01.", "02.")] = parquet_bytes()
    told = command(site.base_url, tmp_path).run("--month", "2024-01:2024-03")
    assert (told.exit_code, told.out.count("green 2024-")) == (1, 2)
    assert told.err.strip() == "the TLC has not published green 2024-03 (yet)"


def test_no_network_is_one_line_with_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Download, "pause", lambda *_: None)
    told = command(NOWHERE, tmp_path).run("--month", "2024-01:2024-02")
    assert (told.exit_code, told.err.strip().count("\n")) == (1, 0)
    assert all(part in told.err for part in ("cannot download from", "TLC_DATA_DIR", "./taxi generate"))


def test_nonsense_is_one_line(tmp_path: Path) -> None:
    told = command(NOWHERE, tmp_path).run("--month", "2024-13")
    assert told == Told(1, "", "'2024-13' is not a month: write it as 2024-01")
