"""What one call of `fetch` has to bring: months into a folder or a bucket, and the files of the zones."""

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
from producer.settings import ProducerSettings
from schemas.atomic_file import atomic_path
from schemas.raw_data import month_folder
from schemas.tlc_month import TlcMonth


@dataclass(frozen=True)
class DownloadResult:
    """Where a thing is now, or would come from; how big it is, where that is known; whether it was there."""

    location: str
    size: int | None
    was_there: bool


class DownloadTask(Protocol):
    """One thing to bring."""

    @property
    def title(self) -> str:
        """What people call it."""

    def locate(self) -> DownloadResult:
        """Say where it is or would come from; changes nothing."""

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Bring it; UserError says why that failed."""


@dataclass(frozen=True)
class MonthToFolder:
    """A month to the cache, or to a folder that the user named."""

    month: TlcMonth
    settings: ProducerSettings
    to: Path | None

    @property
    def title(self) -> str:
        """Like `green 2024-01`."""
        return str(self.month)

    def locate(self) -> DownloadResult:
        """Look into the folders, then ask the TLC."""
        return self._find_local() or _announced(
            remote_month(self.month, DownloadSite(self.settings.tlc_base_url))
        )

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Copy the month from another folder, or download it."""
        found = self._find_local()
        if found:
            return DownloadResult(str(_copied_to(Path(found.location), self.to)), found.size, found.was_there)
        site, folder = DownloadSite(self.settings.tlc_base_url), self.to or months_dir(self.settings)
        file = fetch_month(self.month, site=site, to=folder, on_progress=on_progress)
        return DownloadResult(str(file), file.stat().st_size, was_there=False)

    def _find_local(self) -> DownloadResult | None:
        found = find_month(self.month, folders=([self.to] if self.to else []) + folders(self.settings))
        if found is None:
            return None
        return DownloadResult(str(found), found.stat().st_size, was_there=self.to in {None, found.parent})


@dataclass(frozen=True)
class MonthToBucket:
    """A month to its place in the raw data of a bucket, by way of the cache."""

    month: TlcMonth
    settings: ProducerSettings
    bucket: S3Prefix

    @property
    def title(self) -> str:
        """Like `green 2024-01`."""
        return str(self.month)

    @property
    def path(self) -> str:
        """Below the prefix, partitioned as Spark and DuckDB read it."""
        return f"{month_folder(self.month)}/{self.month.file_name}"

    def locate(self) -> DownloadResult:
        """Is there an object of that name? Its checksum is compared by `run` only, which needs the file."""
        size = self.bucket.stored_bytes(self.path)
        if size is not None:
            return DownloadResult(self.bucket.uri(self.path), size, was_there=True)
        found = self._find_local_file()
        if found:
            return DownloadResult(str(found), found.stat().st_size, was_there=False)
        return _announced(remote_month(self.month, DownloadSite(self.settings.tlc_base_url)))

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Send the month unless the same bytes are there."""
        file = self._find_local_file() or fetch_month(
            self.month,
            site=DownloadSite(self.settings.tlc_base_url),
            to=months_dir(self.settings),
            on_progress=on_progress,
        )
        size = file.stat().st_size
        is_sent = self.bucket.put(file, self.path, lambda sent: on_progress(sent, size))
        return DownloadResult(self.bucket.uri(self.path), size, was_there=not is_sent)

    def _find_local_file(self) -> Path | None:
        # Raw data is read as Parquet: a CSV beside it would spoil the whole partition.
        return find_month(self.month, folders=folders(self.settings), endings=(".parquet",))


@dataclass(frozen=True)
class ZoneFile:
    """A file of the zones to the cache."""

    remote: RemoteFile
    folder: Path

    @property
    def title(self) -> str:
        """The file's name."""
        return self.remote.title

    def locate(self) -> DownloadResult:
        """Look into the cache, then ask the TLC."""
        return self._find_local() or _announced(self.remote)

    def run(self, on_progress: OnProgress) -> DownloadResult:
        """Download the file unless a good one is there."""
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
    """The found file, copied into the folder that the user named."""
    if to is None or found.parent == to:
        return found
    make_folder(to)
    with atomic_path(to / found.name) as draft:
        shutil.copyfile(found, draft)
    return to / found.name
