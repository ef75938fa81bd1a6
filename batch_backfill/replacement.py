"""Replace a month of the processed history, all tables at once.

A run that is killed before the commit leaves the old month as it was. New rows are written to a staging
folder. The commit is one small file. This run completes the steps after it or, if it is killed, the next.
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
    """A month that is being replaced; two runs must not replace one month at the same time."""

    storage: Storage
    processed: str
    month: TlcMonth

    def begin(self) -> None:
        """Delete what a killed run left unfinished; call `finish_committed` first."""
        self.storage.delete(self._staging)

    def folder(self, table: ProcessedTable) -> str:
        """Return the staging folder for the new rows of a table."""
        return f"{self._staging}/{self._table_folder(table)}"

    def target(self, table: ProcessedTable) -> str:
        """Return the final folder, where readers find them."""
        return f"{self.processed}/{self._table_folder(table)}"

    def write_note(self, text: str) -> None:
        """Write the description of the month next to its rows."""
        self.storage.write_text(
            f"{self._staging}/{note_path(self.month.taxi_type, self.month.first_day)}", text
        )

    def commit(self) -> None:
        """Commit: from here on the new month is the valid one."""
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
    """Complete the runs that were killed after their commit; return their months."""
    finished = []
    for staging in storage.folders(f"{processed}/{STAGING}"):
        if storage.exists(f"{staging}/{READY}"):
            _finish(storage, staging, processed, json.loads(storage.read_text(f"{staging}/{READY}")))
            finished.append(staging.rpartition("/")[2])
    return finished


def _finish(storage: Storage, staging: str, processed: str, contents: Mapping[str, Sequence[str]]) -> None:
    """Move the folders; each step may have been done before, completely or in part.

    In S3 moving is copying: all files are copied before the first is deleted here; their names are new.
    """
    for table_folder, names in contents.items():
        if _names(storage, f"{processed}/{table_folder}") != names:
            storage.delete(f"{processed}/{table_folder}")
            storage.move(f"{staging}/{table_folder}", f"{processed}/{table_folder}")
    storage.delete(staging)


def _names(storage: Storage, folder: str) -> list[str]:
    return [file.name for file in storage.files(folder)]
