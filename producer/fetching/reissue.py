"""Months that the TLC has published once more under the same name, with other bytes."""

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
    UnreachableError,
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

BESIDE = "reissued"
"""The folder, beside a month, for its re-issue: nothing reads it as a month of its own."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reissue:
    """What is new of a month, and where it is: beside the older one, in its place, or still at the TLC."""

    version: FileVersion
    location: str
    is_taken: bool = False


class ReissueCheck:
    """Asks the TLC for newer versions, until it does not answer: then what is here will do."""

    def __init__(self) -> None:
        self._is_away = Event()

    def newer(self, remote: RemoteFile, here: FileVersion) -> FileVersion | None:
        """The version that the TLC has by now; None for the same one, or where it cannot be asked."""
        if self._is_away.is_set():
            return None
        once = replace(remote, site=replace(remote.site, attempts=1))
        try:
            return changed_version(once, here)
        except NotPublishedError:
            return None
        except UnreachableError as error:
            self._is_away.set()
            logger.warning(
                "cannot ask whether months were re-issued, and take what is here: %s", error.message
            )
            return None


@dataclass(frozen=True)
class FetchedMonth:
    """A file that was fetched from the TLC; `is_ours` without a note, too."""

    file: Path
    remote: RemoteFile
    is_ours: bool
    check: ReissueCheck

    def newer(self) -> FileVersion | None:
        """The version that the TLC has by now, if it is another."""
        if here := self._version:
            return self.check.newer(self.remote, here)
        return None

    def reissued(self, on_progress: OnProgress, *, refresh: bool) -> Reissue | None:
        """Fetch a newer version beside the file; with `refresh` it takes the file's place."""
        if (newer := self.newer()) is None:
            return None
        beside = self.file.parent / BESIDE / self.file.name
        noted = read_version(beside) if beside.is_file() else None
        if noted is None or noted.differs_from(newer):
            try:
                download(self.remote, beside.parent, on_progress)
            except FetchError as error:
                if refresh:
                    raise
                logger.warning("%s", error)
                return Reissue(newer, self.remote.url)
        if is_same_content(beside, self.file):  # published once more, and nothing changed
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
    """What a person should know of it."""
    what = f"{title}: the TLC has re-issued this month ({reissue.version})"
    if reissue.is_taken:
        yield f"{what}; {location} is the new file now"
    else:
        yield f"{what}: the new file is {reissue.location}; --refresh takes it in the place of {location}"
