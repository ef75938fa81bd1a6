"""Find months that the TLC has re-issued: the same name, with other bytes."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from producer.fetching.download import (
    FetchError,
    NotPublishedError,
    OnProgress,
    RemoteFile,
    changed_version,
    download,
)
from producer.fetching.versions import (
    FileVersion,
    is_same_content,
    move_with_version,
    note_version,
    read_version,
    remove_with_version,
)

REISSUES = "reissued"
"""The folder for re-issues, next to a month; no reader takes it for a month of its own."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reissue:
    """A newer version and its location: next to the older file, in its place, or still at the TLC."""

    version: FileVersion
    location: str
    is_taken: bool = False


class ReissueCheck:
    """A query to the TLC for newer versions; once the TLC does not answer, the local version is used."""

    def __init__(self) -> None:
        self._is_away = Event()

    def newer(self, remote: RemoteFile, here: FileVersion) -> FileVersion | None:
        """Return the TLC's version if it is newer; None if it is the same, or if the TLC does not answer."""
        if self._is_away.is_set():
            return None
        once = replace(remote, site=replace(remote.site, attempts=1))
        try:
            return changed_version(once, here)
        except NotPublishedError:
            return None
        except FetchError as error:
            self._is_away.set()
            logger.warning(
                "cannot check whether months were re-issued; using the present files: %s", error.message
            )
            return None


@dataclass(frozen=True)
class FetchedMonth:
    """A file that was fetched from the TLC; with `is_ours`, also without a record of its version."""

    file: Path
    remote: RemoteFile
    is_ours: bool
    check: ReissueCheck

    def newer(self) -> FileVersion | None:
        """Return the TLC's version if it differs."""
        if here := self._version:
            return self.check.newer(self.remote, here)
        return None

    def reissued(self, on_progress: OnProgress, *, refresh: bool) -> Reissue | None:
        """Fetch a newer version next to the file; with `refresh` it replaces the file."""
        if (newer := self.newer()) is None:
            return None
        beside = self.file.parent / REISSUES / self.file.name
        noted = read_version(beside) if beside.is_file() else None
        if noted is None or noted.differs_from(newer):
            try:
                download(self.remote, beside.parent, on_progress)
            except FetchError as error:
                if refresh:
                    raise
                logger.warning("%s", error)
                return Reissue(newer, self.remote.url)
        if is_same_content(beside, self.file):  # re-issued with the same content
            remove_with_version(beside)
            note_version(self.file, newer)
            return None
        if not refresh:
            return Reissue(newer, str(beside))
        move_with_version(beside, self.file)
        return Reissue(newer, str(self.file), is_taken=True)

    @property
    def _version(self) -> FileVersion | None:
        noted = read_version(self.file)
        if noted is None and self.is_ours:
            return FileVersion("", "", self.file.stat().st_size)
        return noted


def lines_of(title: str, location: str, reissue: Reissue) -> Iterator[str]:
    """Yield the lines to print about a re-issue."""
    what = f"{title}: the TLC has re-issued this month ({reissue.version})"
    if reissue.is_taken:
        yield f"{what}; {location} was replaced by the new file"
    else:
        yield f"{what}; the new file is {reissue.location}; to replace {location}, add --refresh"
