"""Keep the unfinished file of a download, which the next attempt or the next run continues."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx


class DownloadInProgressError(Exception):
    """Another process holds the file."""


@dataclass
class PartialDownload:
    """The bytes received so far, and the ETag of the version that they belong to."""

    file: Path
    etag_file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.etag_file = self.file.with_suffix(".etag")

    @property
    def size(self) -> int:
        """Return the number of bytes received."""
        return self.file.stat().st_size if self.file.exists() else 0

    @property
    def resume_headers(self) -> dict[str, str]:
        """Return headers that ask for the rest, if the site still has the same version."""
        if not self.size or not self.etag_file.exists():
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.etag_file.read_text("ascii")}

    def is_continued_by(self, response: httpx.Response) -> bool:
        """Return whether a partial response holds the bytes that follow, of the same version."""
        content_range: str = response.headers.get("Content-Range", "")
        starts_here = content_range.startswith(f"bytes {self.size}-")
        etag: str = response.headers.get("ETag", "")
        if not etag or not self.etag_file.exists():
            return starts_here
        return starts_here and etag == self.etag_file.read_text("ascii")

    def remember(self, response: httpx.Response) -> None:
        """Record the version that the response begins."""
        etag = response.headers.get("ETag", "")
        # A weak ETag does not promise equal bytes, so it must not be used to continue a file.
        if etag.isascii() and etag and not etag.startswith("W/"):
            self.etag_file.write_text(etag, "ascii")
        else:
            self.etag_file.unlink(missing_ok=True)

    def discard(self) -> None:
        """Discard the bytes, so that the next attempt starts from zero."""
        self.file.unlink(missing_ok=True)
        self.etag_file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the file: two processes that append to one file would mix their bytes."""
        with self.file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DownloadInProgressError from None
            try:
                yield
            finally:
                self.file.with_suffix(".lock").unlink(missing_ok=True)
