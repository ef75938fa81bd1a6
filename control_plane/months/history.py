"""The months of the history: from which files each comes, and what Spark made of it."""

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
    """A processed month, as the note beside it tells."""

    fingerprint: str
    """Of what it was made; empty where nobody said so."""
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
        """Where the settings say."""
        raw, processed = (
            open_store(address, endpoint_url=settings.s3_endpoint_url, region=settings.region)
            for address in (settings.raw, settings.processed)
        )
        return cls(raw, processed)

    def raw_files(self, month: TlcMonth) -> Sequence[StoredFile]:
        """A month's files, as Spark finds them: in a folder of its own, or among all others."""
        return files_of_month(month, self.raw.files)

    def raw_rows(self, file: StoredFile) -> int | None:
        """The rows that a Parquet file says it has; None where it has no readable footer: Spark judges it."""
        if not file.size or not file.name.endswith(".parquet"):
            return None
        try:
            footer = pq.read_metadata(io.BytesIO(self.raw.read_end(file.path, FOOTER_BYTES)))
        except pa.ArrowException:
            return None
        return int(footer.num_rows)

    def content(self, month: TlcMonth) -> str:
        """Its files, each with what its store calls its bytes: SHA-256, in S3 the ETag."""
        return ", ".join(f"{file.name} {self.raw.fingerprint(file)}" for file in self.raw_files(month))

    def fingerprint(self, month: TlcMonth, code: str) -> str:
        """What a month is made of: the content of its files, and the code."""
        parts = [f"{file.name} {self.raw.fingerprint(file)}" for file in self.raw_files(month)]
        return sha256("\n".join([str(month), *parts, code]).encode()).hexdigest()[:20]

    def processed_month(self, month: TlcMonth) -> ProcessedMonth | None:
        """What it was made of; None where it is not wholly in place, or nobody has noted it."""
        if any(self.processed.files_below(staging_folder(month.taxi_type, month.first_day))):
            return None
        text = self.processed.read(note_path(month.taxi_type, month.first_day))
        if not text:
            return None
        note = json.loads(text)
        return ProcessedMonth(
            note["fingerprint"], tuple(note["files"]), note["accepted"], note["quarantined"]
        )
