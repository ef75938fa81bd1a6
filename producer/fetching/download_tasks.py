"""Define the downloads of one `fetch`: months into a folder or a bucket, and the zone files."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from producer.fetching.download import (
    DownloadSite,
    OnProgress,
    RemoteFile,
    announced_bytes,
    download,
    make_folder,
)
from producer.fetching.month_files import fetch_month, find_month, folders, months_dir, remote_month
from producer.fetching.object_store import S3Prefix
from producer.fetching.reissue import REISSUES, FetchedMonth, Reissue, ReissueCheck
from producer.fetching.versions import FileVersion, note_version, read_version
from producer.settings import ProducerSettings
from schemas.atomic_file import atomic_path
from schemas.raw_data import month_folder
from schemas.tlc_month import TlcMonth

ETAG, LAST_MODIFIED = "tlc-etag", "tlc-last-modified"
"""Object metadata keys that record the TLC's version."""


@dataclass(frozen=True)
class DownloadResult:
    """The current or future location of the file, its size if known, and whether it was present already."""

    location: str
    size: int | None
    was_there: bool
    reissue: Reissue | None = None


class DownloadTask(Protocol):
    """One file to fetch."""

    @property
    def title(self) -> str:
        """Return the title shown to the user."""

    def locate(self) -> DownloadResult:
        """Return where the file is or would come from; changes nothing."""

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Fetch the file; raises UserError with the cause of a failure."""


@dataclass(frozen=True)
class MonthFetch:
    """A month with its settings, and what to do if the TLC has re-issued it since it was fetched."""

    month: TlcMonth
    settings: ProducerSettings
    check: ReissueCheck
    refresh: bool

    @property
    def remote(self) -> RemoteFile:
        """Return the month's file on the TLC's site."""
        return remote_month(self.month, DownloadSite(self.settings.tlc_base_url))

    def fetched(self, file: Path) -> FetchedMonth:
        """Describe a local file of the month. Files in the user's own folder belong to the user."""
        return FetchedMonth(file, self.remote, file.parent == months_dir(self.settings), self.check)

    def announced(self) -> DownloadResult:
        """Return what the TLC would send."""
        return DownloadResult(self.remote.url, announced_bytes(self.remote), was_there=False)

    def download(self, folder: Path, on_progress: OnProgress) -> Path:
        """Download the month from the TLC."""
        return fetch_month(self.month, site=self.remote.site, to=folder, on_progress=on_progress)


@dataclass(frozen=True)
class MonthToFolder:
    """A month to fetch into the cache, or into a folder that the user named."""

    fetch: MonthFetch
    to: Path | None

    @property
    def title(self) -> str:
        """Return a title such as `green 2024-01`."""
        return str(self.fetch.month)

    def locate(self) -> DownloadResult:
        """Look in the folders first, then ask the TLC."""
        found = self._find_local()
        if found is None:
            return self.fetch.announced()
        newer = self.fetch.fetched(found).newer()
        reissue = Reissue(newer, self.fetch.remote.url) if newer else None
        return DownloadResult(str(found), found.stat().st_size, self._is_in_place(found), reissue)

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Copy the month from another folder, or download it.

        A re-issue is stored next to the existing file.
        """
        found = self._find_local()
        if found is None:
            folder = self.to or months_dir(self.fetch.settings)
            file = self.fetch.download(folder, on_progress)
            return DownloadResult(str(file), file.stat().st_size, was_there=False)
        reissue = self.fetch.fetched(found).reissued(on_progress, refresh=self.fetch.refresh)
        is_there = self._is_in_place(found) and not (reissue and reissue.is_taken)
        location = _copied_to(found, self.to)
        return DownloadResult(str(location), location.stat().st_size, is_there, reissue)

    def _is_in_place(self, found: Path) -> bool:
        return self.to in {None, found.parent}

    def _find_local(self) -> Path | None:
        own = [self.to] if self.to else []
        return find_month(self.fetch.month, folders=own + folders(self.fetch.settings))


@dataclass(frozen=True)
class MonthToBucket:
    """A month to upload to its path in the raw data of a bucket, through the cache."""

    fetch: MonthFetch
    bucket: S3Prefix

    @property
    def title(self) -> str:
        """Return a title such as `green 2024-01`."""
        return str(self.fetch.month)

    @property
    def path(self) -> str:
        """Return the path below the prefix, partitioned as Spark and DuckDB read it."""
        return f"{month_folder(self.fetch.month)}/{self.fetch.month.file_name}"

    def locate(self) -> DownloadResult:
        """Return whether the object exists. Only `run` compares checksums, because it needs the file."""
        size = self.bucket.stored_bytes(self.path)
        if size is not None:
            newer = self._newer()
            reissue = Reissue(newer, self.fetch.remote.url) if newer else None
            return DownloadResult(self.bucket.uri(self.path), size, was_there=True, reissue=reissue)
        found = self._find_local_file()
        if found:
            return DownloadResult(str(found), found.stat().st_size, was_there=False)
        return self.fetch.announced()

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Upload the month unless the bytes are equal; a re-issue is stored next to the file from the TLC."""
        local, stored, newer = self._find_local_file(), self._stored_version(), None
        if stored and (local is None or local.parent == months_dir(self.fetch.settings)):
            if (newer := self.fetch.check.newer(self.fetch.remote, stored)) is None:
                return DownloadResult(self.bucket.uri(self.path), stored.size, was_there=True)
            local = self._newest(local, on_progress)
        file = local or self.fetch.download(months_dir(self.fetch.settings), on_progress)
        is_beside = newer is not None and not self.fetch.refresh
        path = f"{REISSUES}/{self.path}" if is_beside else self.path
        is_sent = self._send(file, path, read_version(file), on_progress)
        reissue = Reissue(newer, self.bucket.uri(path), is_taken=not is_beside) if newer else None
        return DownloadResult(
            self.bucket.uri(self.path), file.stat().st_size, is_beside or not is_sent, reissue
        )

    def _newest(self, local: Path | None, on_progress: OnProgress) -> Path | None:
        """Return the cached file, or the re-issue next to it."""
        reissue = local and self.fetch.fetched(local).reissued(on_progress, refresh=self.fetch.refresh)
        return Path(reissue.location) if reissue else local

    def _send(self, file: Path, path: str, version: FileVersion | None, on_progress: OnProgress) -> bool:
        size = file.stat().st_size
        return self.bucket.put(file, path, lambda sent: on_progress(sent, size), _as_metadata(version))

    def _newer(self) -> FileVersion | None:
        stored = self._stored_version()
        return self.fetch.check.newer(self.fetch.remote, stored) if stored else None

    def _stored_version(self) -> FileVersion | None:
        """Return the TLC version of the object; None if the object came from another source."""
        stored = self.bucket.head(self.path) or {}
        noted = stored.get("Metadata", {})
        if not noted.get(ETAG) and not noted.get(LAST_MODIFIED):
            return None
        return FileVersion(noted.get(ETAG, ""), noted.get(LAST_MODIFIED, ""), stored["ContentLength"])

    def _find_local_file(self) -> Path | None:
        # Raw data is read as Parquet: a CSV next to it would make the whole partition unreadable.
        return find_month(self.fetch.month, folders=folders(self.fetch.settings), endings=(".parquet",))


def _as_metadata(version: FileVersion | None) -> dict[str, str]:
    noted = {ETAG: version.etag, LAST_MODIFIED: version.last_modified} if version else {}
    return {name: value for name, value in noted.items() if value}


@dataclass(frozen=True)
class ZoneFile:
    """A zone file to fetch into the cache."""

    remote: RemoteFile
    folder: Path

    @property
    def title(self) -> str:
        """Return the file name."""
        return self.remote.title

    def locate(self) -> DownloadResult:
        """Look in the cache first, then ask the TLC."""
        return self._find_local() or _announced(self.remote)

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Download the file unless a valid one is present."""
        found = self._find_local()
        if found:
            return found
        file = download(self.remote, self.folder, on_progress)
        return DownloadResult(str(file), file.stat().st_size, was_there=False)

    def _find_local(self) -> DownloadResult | None:
        file = self.folder / self.remote.name
        if not file.is_file() or self.remote.damage(file):
            return None
        return DownloadResult(str(file), file.stat().st_size, was_there=True)


def _announced(remote: RemoteFile) -> DownloadResult:
    return DownloadResult(remote.url, announced_bytes(remote), was_there=False)


def _copied_to(found: Path, to: Path | None) -> Path:
    """Copy the file, with the record of its version, to the folder that the user named, if any."""
    if to is None or found.parent == to:
        return found
    make_folder(to)
    with atomic_path(to / found.name) as draft:
        shutil.copyfile(found, draft)
    if version := read_version(found):
        note_version(to / found.name, version)
    return to / found.name
