"""TLC months from the nearest place: a folder of the user's, the cache, or the TLC's public download."""

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from producer.errors import UserError
from producer.parquet_check import damage
from producer.settings import Settings
from producer.tlc_month import TlcMonth, parse_month, parse_months

PARALLEL_DOWNLOADS = 4

logger = logging.getLogger(__name__)

OnProgress = Callable[[int, int | None], None]
"""Called with the bytes that are there and, where it is known, the size of the whole file."""


def _unwatched(_done: int, _total: int | None) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Download:
    """How to fetch from a site: attempts are counted anew whenever bytes arrived."""

    base_url: str
    attempts: int = 4
    first_pause_seconds: float = 0.5
    timeout_seconds: float = 20.0
    connect_timeout_seconds: float = 5.0

    def url(self, month: TlcMonth) -> str:
        """Address of the month's file."""
        return f"{self.base_url.rstrip('/')}/{month.file_name}"

    def pause(self, failures: int) -> None:
        """Wait before the next attempt, twice as long after each failure."""
        time.sleep(self.first_pause_seconds * 2 ** (failures - 1))


class FetchError(UserError):
    """A month could not be had; the message is one line for the user."""


class NotPublishedError(FetchError):
    """The TLC has no such file."""


class UnreachableError(FetchError):
    """The site does not answer."""


class _InterruptedError(Exception):
    """The transfer broke in a way that another attempt may mend."""


@dataclass
class _Part:
    """An unfinished download: the bytes so far, and the ETag of the version that they belong to."""

    file: Path
    etag_file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.etag_file = self.file.with_suffix(".etag")

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    @property
    def resume_headers(self) -> dict[str, str]:
        if not self.size or not self.etag_file.exists():
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.etag_file.read_text("ascii")}

    def remember(self, response: httpx.Response) -> None:
        etag = response.headers.get("ETag", "")
        # A weak tag does not promise equal bytes, so it must not be used to continue a file.
        if etag and not etag.startswith("W/"):
            self.etag_file.write_text(etag, "ascii")
        else:
            self.etag_file.unlink(missing_ok=True)

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)
        self.etag_file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Two processes that append to one file would mix their bytes."""
        with self.file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FetchError(f"another process is fetching {self.file.name} now: wait for it") from None
            try:
                yield
            finally:
                self.file.with_suffix(".lock").unlink(missing_ok=True)


def months_dir(settings: Settings) -> Path:
    """The cache's folder of TLC months."""
    return settings.taxi_cache_dir / "months"


def folders(settings: Settings) -> list[Path]:
    """Local folders in the order in which months are looked for."""
    return [*([settings.tlc_data_dir] if settings.tlc_data_dir else []), months_dir(settings)]


def find_month(taxi_type: str, month: str, *, folders: Sequence[Path]) -> Path | None:
    """The month's whole file (Parquet before CSV) in the first of the folders that has it."""
    wanted = parse_month(taxi_type, month)
    stem = wanted.file_name.removesuffix(".parquet")
    names = [f"{stem}{ending}" for ending in (".parquet", ".csv.gz", ".csv")]
    candidates = (folder / name for folder in folders for name in names)
    return next((file for file in candidates if file.is_file() and _is_whole(file)), None)


def _is_whole(file: Path) -> bool:
    fault = damage(file) if file.suffix == ".parquet" else None
    if fault:
        logger.warning("%s is passed over: %s", file, fault)
    return fault is None


def fetch_month(
    taxi_type: str, month: str, *, download: Download, to: Path, on_progress: OnProgress = _unwatched
) -> Path:
    """Download the month into the folder `to` unless it is there; FetchError says why it could not be had.

    The file appears only when it is whole. An interrupted download is continued by the next call.
    """
    wanted = parse_month(taxi_type, month)
    target = to / wanted.file_name
    if target.is_file() and _is_whole(target):
        return target
    _make_folder(to)
    part = _Part(to / f".{wanted.file_name}.part")
    with part.locked():
        _download(wanted, download, part, on_progress)
        part.file.replace(target)
        part.discard()
    return target


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"cannot write to {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise FetchError(f"cannot write to {folder}: permission denied")


def _download(month: TlcMonth, download: Download, part: _Part, on_progress: OnProgress) -> None:
    failures = 0
    while True:
        before = part.size
        try:
            _attempt(month, download, part, on_progress)
        except (_InterruptedError, httpx.TransportError) as error:
            failures = 1 if part.size > before else failures + 1
            if failures >= download.attempts:
                raise UnreachableError(_unreachable(month, download, error)) from None
            download.pause(failures)
        else:
            return


def _attempt(month: TlcMonth, download: Download, part: _Part, on_progress: OnProgress) -> None:
    headers = {"Accept-Encoding": "identity", **part.resume_headers}
    timeout = httpx.Timeout(download.timeout_seconds, connect=download.connect_timeout_seconds)
    with httpx.stream(
        "GET", download.url(month), headers=headers, timeout=timeout, follow_redirects=True
    ) as response:
        _refuse(month, response, part)
        expected_bytes = _receive(response, part, on_progress)
    if expected_bytes is not None and part.size != expected_bytes:
        size = part.size
        part.discard()
        raise _InterruptedError(f"{size} bytes came, {expected_bytes} were announced")
    fault = damage(part.file)
    if fault:
        part.discard()
        raise FetchError(f"{download.url(month)} came whole, but {fault}")


def _refuse(month: TlcMonth, response: httpx.Response, part: _Part) -> None:
    """Raise unless the response carries the file or the rest of it."""
    status = response.status_code
    if status in {403, 404}:
        raise NotPublishedError(f"the TLC has not published {month} (yet)")
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.discard()
        raise _InterruptedError("the unfinished download does not fit the file any more")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {408, 425, 429}:
        raise _InterruptedError(f"the server answered {status} {response.reason_phrase}")
    if status not in {200, 206}:
        raise FetchError(f"{response.url} answered {status} {response.reason_phrase}")


def _receive(response: httpx.Response, part: _Part, on_progress: OnProgress) -> int | None:
    """Write the body to the part; returns the size that the whole file must have, where it was announced."""
    continued = response.status_code == httpx.codes.PARTIAL_CONTENT
    done, total = part.size if continued else 0, _announced_bytes(response)
    if not continued:
        part.remember(response)
    with part.file.open("ab" if continued else "wb") as output:
        # Chunks as they come: a fixed size would hold back, and lose, what came before a broken transfer.
        for chunk in response.iter_raw():
            done += output.write(chunk)
            on_progress(done, total)
    return total


def _announced_bytes(response: httpx.Response) -> int | None:
    content_range = response.headers.get("Content-Range", "")
    size = content_range.rpartition("/")[2] or response.headers.get("Content-Length", "")
    return int(size) if size.isdigit() else None


def _unreachable(month: TlcMonth, download: Download, error: Exception) -> str:
    return (
        f"cannot download from {download.base_url} ({error or type(error).__name__}). "
        f"Set TLC_DATA_DIR to a folder with TLC files, or make a synthetic month: "
        f"./taxi generate --taxi-type {month.taxi_type} --month {month.text} --rows 100000 --seed 1"
    )


@dataclass(frozen=True)
class _Outcome:
    month: TlcMonth
    file: Path | None = None
    was_there: bool = False
    error: FetchError | None = None

    @property
    def line(self) -> str:
        if self.error:
            return str(self.error)
        return f"{self.month}{' (already there)' if self.was_there else ''}: {self.file}"


def fetch(
    taxi_type: Annotated[str, typer.Option(help="yellow, green or fhvhv")],
    month: Annotated[list[str], typer.Option(help="2024-01, or a range 2024-01:2024-06; may be repeated")],
    to: Annotated[Path | None, typer.Option(help="folder for the files; default: the user's cache")] = None,
) -> None:
    """Get TLC months: from TLC_DATA_DIR, the cache, or the TLC's public download."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    outcomes = _fetch_all(parse_months(taxi_type, month), Settings.from_environment(), to, console)
    for line in [outcome.line for outcome in outcomes if not outcome.error]:
        typer.echo(line)
    failures = _failure_lines(outcomes)
    for line in failures:
        console.print(line, markup=False)
    if failures:
        raise typer.Exit(1)


def _failure_lines(outcomes: Sequence[_Outcome]) -> list[str]:
    """One line a failure, but only one for a site that is down, however many months were asked for."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    unreachable = [str(error) for error in errors if isinstance(error, UnreachableError)]
    return [str(error) for error in errors if not isinstance(error, UnreachableError)] + unreachable[:1]


def _fetch_all(
    months: Sequence[TlcMonth], settings: Settings, to: Path | None, console: Console
) -> list[_Outcome]:
    with _progress(console) as progress, ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        bar = _Bar(progress, progress.add_task(_described(months), total=None))
        return list(pool.map(lambda month: _outcome(month, settings, to, bar.of(month)), months))


def _described(months: Sequence[TlcMonth]) -> str:
    return str(months[0]) if len(months) == 1 else f"{len(months)} months"


@dataclass
class _Bar:
    """One bar for all months that are fetched side by side."""

    progress: Progress
    task: TaskID
    seen: dict[TlcMonth, tuple[int, int]] = field(default_factory=dict)

    def of(self, month: TlcMonth) -> OnProgress:
        def on_progress(done: int, total: int | None) -> None:
            self.seen[month] = (done, total or done)
            states = list(self.seen.values())
            completed, whole = (sum(numbers) for numbers in zip(*states, strict=True))
            self.progress.update(self.task, completed=completed, total=whole)

        return on_progress


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _outcome(month: TlcMonth, settings: Settings, to: Path | None, on_progress: OnProgress) -> _Outcome:
    folder = to or months_dir(settings)
    try:
        found = find_month(month.taxi_type, month.text, folders=([to] if to else []) + folders(settings))
        if found:
            return _Outcome(month, _placed(found, to), was_there=to is None or found.parent == to)
        file = fetch_month(
            month.taxi_type,
            month.text,
            download=Download(settings.tlc_base_url),
            to=folder,
            on_progress=on_progress,
        )
    except FetchError as error:
        return _Outcome(month, error=error)
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        return _Outcome(month, error=FetchError(f"cannot fetch {month} into {folder}: {error}"))
    return _Outcome(month, file)


def _placed(found: Path, to: Path | None) -> Path:
    """The found file, copied into the folder that the user named."""
    if to is None or found.parent == to:
        return found
    _make_folder(to)
    part = to / f".{found.name}.copy"
    shutil.copyfile(found, part)
    return part.replace(to / found.name)
