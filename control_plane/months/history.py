"""The months of the history: their source files, and what Spark made of them."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq

from control_plane.settings import HistorySettings
from producer.fetching.object_store import ObjectStore, StoredFile, open_store
from schemas.processed import note_path, staging_folder
from schemas.raw_data import files_of_month
from schemas.tlc_month import TlcMonth

FOOTER_BYTES = 1 << 20
"""Far more than the footer of a month has."""


@dataclass(frozen=True)
class ProcessedMonth:
    """A processed month, as the metadata file next to it describes it."""

    fingerprint: str
    """The fingerprint of its input and code; empty where none was recorded."""
    files: tuple[str, ...]
    accepted: int
    quarantined: int


@dataclass(frozen=True)
class History:
    """Raw and processed months."""

    raw: ObjectStore
    processed: ObjectStore

    @classmethod
    def of(cls, settings: HistorySettings) -> "History":
        """Open the raw and processed months where the settings point."""
        raw, processed = (
            open_store(address, endpoint_url=settings.s3_endpoint_url, region=settings.region)
            for address in (settings.raw, settings.processed)
        )
        return cls(raw, processed)

    def raw_files(self, month: TlcMonth) -> Sequence[StoredFile]:
        """List a month's files, as Spark finds them: in a folder of its own, or among all others."""
        return files_of_month(month, self.raw.files)

    def raw_rows(self, file: StoredFile) -> int | None:
        """Return the row count of a Parquet file; None where its footer is unreadable: Spark validates it."""
        if not file.size or not file.name.endswith(".parquet"):
            return None
        try:
            footer = pq.read_metadata(io.BytesIO(self.raw.read_end(file.path, FOOTER_BYTES)))
        except pa.ArrowException:
            return None
        return int(footer.num_rows)

    def content(self, month: TlcMonth) -> str:
        """Return the identity of its files, each by its store's checksum: SHA-256, in S3 the ETag."""
        return ", ".join(f"{file.name} {self.raw.fingerprint(file)}" for file in self.raw_files(month))

    def fingerprint(self, month: TlcMonth, code: str) -> str:
        """Return the fingerprint of a month: the content of its files, and the code."""
        parts = [f"{file.name} {self.raw.fingerprint(file)}" for file in self.raw_files(month)]
        return sha256("\n".join([str(month), *parts, code]).encode()).hexdigest()[:20]

    def processed_month(self, month: TlcMonth) -> ProcessedMonth | None:
        """Return what the month was made of; None where it is incomplete, or nothing is recorded."""
        if any(self.processed.files_below(staging_folder(month.taxi_type, month.first_day))):
            return None
        text = self.processed.read(note_path(month.taxi_type, month.first_day))
        if not text:
            return None
        note = json.loads(text)
        return ProcessedMonth(
            note["fingerprint"], tuple(note["files"]), note["accepted"], note["quarantined"]
        )
