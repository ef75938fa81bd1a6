"""Download files through broken transfers: a file appears only when it is complete and valid."""

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

from producer.fetching.partial_download import DownloadInProgressError, PartialDownload
from producer.fetching.versions import FileVersion, content_damage, note_version
from schemas.errors import UserError

UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"

T = TypeVar("T")

OnProgress = Callable[[int, int | None], None]
"""Called with the bytes received so far and, if known, the size of the whole file."""


def no_progress(_done: int, _total: int | None) -> None:
    """Ignore the progress."""


class FetchError(UserError):
    """A file could not be fetched; the message is one line for the user."""


class NotPublishedError(FetchError):
    """The TLC has not published the file."""


class UnreachableError(FetchError):
    """The site does not answer."""


class _RetryableError(Exception):
    """The transfer broke in a way that another attempt may fix."""


class _SpoiltError(_RetryableError):
    """All bytes arrived, but they do not match the file."""


@dataclass(frozen=True)
class DownloadSite:
    """The download site and its retry policy: the count of attempts restarts whenever bytes arrive."""

    base_url: str
    attempts: int = 4
    first_pause_seconds: float = 0.5
    timeout_seconds: float = 20.0
    connect_timeout_seconds: float = 5.0

    @property
    def timeout(self) -> httpx.Timeout:
        """Return the timeouts for the response and for the connection."""
        return httpx.Timeout(self.timeout_seconds, connect=self.connect_timeout_seconds)

    def pause_seconds(self, failures: int) -> float:
        """Return the wait before the next attempt: it doubles after each failure, plus random jitter."""
        return self.first_pause_seconds * float(1 << (failures - 1)) * random.uniform(1, 1.5)  # noqa: S311


@dataclass(frozen=True)
class RemoteFile:
    """A file of a site: its title, how to validate a copy, and the advice if the site does not answer."""

    site: DownloadSite
    name: str
    title: str
    damage: Callable[[Path], str | None]
    remedy: str

    @property
    def url(self) -> str:
        """Return the URL of the file."""
        return f"{self.site.base_url.rstrip('/')}/{self.name}"


def download(remote: RemoteFile, to: Path, on_progress: OnProgress = no_progress) -> Path:
    """Fetch the file into the folder `to`; the next call continues an interrupted download."""
    make_folder(to)
    target = to / remote.name
    partial = PartialDownload(to / f".{remote.name}.part")
    try:
        with partial.locked():
            version = _with_retries(
                remote, lambda: _attempt(remote, partial, on_progress), lambda: partial.size
            )
            partial.file.replace(target)
            note_version(target, version)
            partial.discard()
    except DownloadInProgressError:
        raise FetchError(
            f"another process is already fetching {remote.title} into {to}", "wait until it ends"
        ) from None
    return target


def announced_bytes(remote: RemoteFile) -> int | None:
    """Return the size from a HEAD request, if the site sends it.

    Raises NotPublishedError if there is no file.
    """

    def head_request() -> int | None:
        response = httpx.head(remote.url, timeout=remote.site.timeout, follow_redirects=True)
        _refuse(remote, response)
        return _whole_bytes(response.headers)

    return _with_retries(remote, head_request, lambda: 0)


def changed_version(remote: RemoteFile, here: FileVersion) -> FileVersion | None:
    """Return the site's version if it differs from the local one; None if it is the same."""

    def head_request() -> FileVersion | None:
        response = httpx.head(
            remote.url, headers=here.conditions, timeout=remote.site.timeout, follow_redirects=True
        )
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        _refuse(remote, response)
        found = FileVersion.of(response.headers)
        return found if found.differs_from(here) else None

    return _with_retries(remote, head_request, lambda: 0)


def make_folder(folder: Path) -> None:
    """Create a writable folder, or raise FetchError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"cannot write to {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise FetchError(f"cannot write to {folder}: permission denied")


def _with_retries(remote: RemoteFile, attempt: Callable[[], T], bytes_so_far: Callable[[], int]) -> T:
    failures = FailuresInARow(bytes_so_far)
    retrying = Retrying(
        retry=retry_if_exception(_may_pass),
        after=failures.note,
        wait=lambda _: remote.site.pause_seconds(failures.count),
        stop=lambda _: failures.count >= remote.site.attempts,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except _SpoiltError as error:
        raise FetchError(str(error), "try again later, or from another network") from None
    except (_RetryableError, httpx.TransportError) as error:
        raise UnreachableError(_unreachable(remote, error)) from None
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise FetchError(f"cannot download {remote.url} ({error})", "check TLC_BASE_URL") from None


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, _RetryableError | httpx.TransportError) and UNTRUSTED not in str(error)


class FailuresInARow:
    """A count of the failed attempts since bytes last arrived."""

    def __init__(self, bytes_so_far: Callable[[], int]) -> None:
        self._bytes_so_far = bytes_so_far
        self._bytes = bytes_so_far()
        self.count = 0

    def note(self, _: RetryCallState) -> None:
        """Count a failure."""
        before, self._bytes = self._bytes, self._bytes_so_far()
        self.count = 1 if self._bytes > before else self.count + 1


def _attempt(remote: RemoteFile, partial: PartialDownload, on_progress: OnProgress) -> FileVersion:
    """Fetch the missing bytes; return the version of the file."""
    on_progress(partial.size, None)
    headers = {"Accept-Encoding": "identity", **partial.resume_headers}
    timeout = remote.site.timeout
    with httpx.stream("GET", remote.url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.discard()
            raise _RetryableError("the file has changed since the partial download")
        _refuse(remote, response)
        expected_bytes = _receive(response, partial, on_progress)
    if expected_bytes is not None and partial.size != expected_bytes:
        size = partial.size
        partial.discard()
        raise _RetryableError(f"received {size} bytes, expected {expected_bytes}")
    fault = remote.damage(partial.file)
    if fault:
        partial.discard()
        raise FetchError(f"{remote.url} was downloaded completely, but {fault}")
    fault = content_damage(partial.file, response.headers)
    if fault:
        partial.discard()
        raise _SpoiltError(f"{remote.url} was downloaded completely, but {fault}")
    return replace(FileVersion.of(response.headers), size=partial.size)


def _refuse(remote: RemoteFile, response: httpx.Response) -> None:
    """Raise unless the response carries the file or the rest of it."""
    status = response.status_code
    if status in {403, 404}:
        raise NotPublishedError(f"the TLC has not published {remote.title} yet")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {408, 425, 429}:
        raise _RetryableError(f"the server answered {status} {response.reason_phrase}")
    if status not in {200, 206}:
        raise FetchError(f"{response.url} answered {status} {response.reason_phrase}")


def _receive(response: httpx.Response, partial: PartialDownload, on_progress: OnProgress) -> int | None:
    """Write the body to the file; return the announced size of the whole file, if any."""
    continued = response.status_code == httpx.codes.PARTIAL_CONTENT
    if continued and not partial.is_continued_by(response):
        partial.discard()
        raise _RetryableError("the server sent another part of the file than the missing one")
    done, total = partial.size if continued else 0, _whole_bytes(response.headers)
    if not continued:
        partial.remember(response)
    with partial.file.open("ab" if continued else "wb") as output:
        # Take chunks as they come: a fixed size would buffer, and lose, bytes received before a broken
        # transfer.
        for chunk in response.iter_raw():
            done += output.write(chunk)
            on_progress(done, total)
    return total


def _whole_bytes(headers: Mapping[str, str]) -> int | None:
    content_range = headers.get("Content-Range", "")
    size = content_range.rpartition("/")[2] or headers.get("Content-Length", "")
    return int(size) if size.isdigit() else None


def _unreachable(remote: RemoteFile, error: Exception) -> str:
    remedy = (
        "Set SSL_CERT_FILE or REQUESTS_CA_BUNDLE to the certificate of your own certificate authority"
        if UNTRUSTED in str(error)
        else remote.remedy
    )
    return f"cannot download from {remote.site.base_url} ({error or type(error).__name__}). {remedy}"
