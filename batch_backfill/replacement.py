"""Replaces a month of the processed history, all tables at once.

A run that is killed before the commit leaves the old month as it was. What is new is written aside; the
commit is one small file, and what is behind it is finished by this run or, if it is killed, by the next.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batch_backfill.storage import Storage
from schemas.processed import STAGING, TABLES, ProcessedTable, note_path, staging_folder
from schemas.tlc_month import TlcMonth

READY = "_READY"


@dataclass(frozen=True)
class Replacement:
    """A month that is being replaced; two runs must not replace one month at a time."""

    storage: Storage
    processed: str
    month: TlcMonth

    def begin(self) -> None:
        """Forget what a killed run left half done; call `finish_committed` first."""
        self.storage.delete(self._staging)

    def folder(self, table: ProcessedTable) -> str:
        """Where the new rows of a table are to be written."""
        return f"{self._staging}/{self._table_folder(table)}"

    def target(self, table: ProcessedTable) -> str:
        """Where readers find them then."""
        return f"{self.processed}/{self._table_folder(table)}"

    def write_note(self, text: str) -> None:
        """Say what the month is, where those find it who find its rows."""
        self.storage.write_text(
            f"{self._staging}/{note_path(self.month.taxi_type, self.month.first_day)}", text
        )

    def commit(self) -> None:
        """From here on the new month is the one that counts."""
        table_folders = [self._table_folder(table) for table in TABLES]
        contents = {
            table_folder: _names(self.storage, f"{self._staging}/{table_folder}")
            for table_folder in table_folders
        }
        self.storage.write_text(f"{self._staging}/{READY}", json.dumps(contents))
        _finish(self.storage, self._staging, self.processed, contents)

    def _table_folder(self, table: ProcessedTable) -> str:
        return table.folder(self.month.taxi_type, self.month.first_day)

    @property
    def _staging(self) -> str:
        return f"{self.processed}/{staging_folder(self.month.taxi_type, self.month.first_day)}"


def finish_committed(storage: Storage, processed: str) -> Sequence[str]:
    """Put in place what runs committed that were killed before they had finished; tells which months."""
    finished = []
    for staging in storage.folders(f"{processed}/{STAGING}"):
        if storage.exists(f"{staging}/{READY}"):
            _finish(storage, staging, processed, json.loads(storage.read_text(f"{staging}/{READY}")))
            finished.append(staging.rpartition("/")[2])
    return finished


def _finish(storage: Storage, staging: str, processed: str, contents: Mapping[str, Sequence[str]]) -> None:
    """Each step may have been done before, or half of it.

    In S3 moving is copying: all files are there before the first is removed here; their names are new.
    """
    for table_folder, names in contents.items():
        if _names(storage, f"{processed}/{table_folder}") != names:
            storage.delete(f"{processed}/{table_folder}")
            storage.move(f"{staging}/{table_folder}", f"{processed}/{table_folder}")
    storage.delete(staging)


def _names(storage: Storage, folder: str) -> list[str]:
    return [file.name for file in storage.files(folder)]
