"""Check and count a stored CSV month byte by byte, with the producer's own code."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from batch_backfill.raw_months import RawFile
from batch_backfill.storage import Storage
from schemas.csv_head import CsvHead, head_of
from schemas.csv_rows import CsvRows
from schemas.errors import UserError
from schemas.file_bytes import HEAD_BYTES, DamagedError, GzipContent, refuse_no_text, refuse_other_kinds

BLOCK_BYTES = 1 << 20
PACKED_BLOCK_BYTES = 1 << 17
FETCH_AGAIN = "fetch it again with ./taxi fetch"


@dataclass(frozen=True)
class ReadableCsv:
    """The file that Spark reads: the original, or a copy if Spark would read the original incorrectly."""

    path: str
    head: CsvHead
    rows_in_file: int


def readable_csv(storage: Storage, file: RawFile, scratch: str) -> ReadableCsv:
    """Read the whole file once; raises UserError with what is wrong with it."""
    try:
        head = _head(storage, file)
        rows, is_padded = _counted(storage, file, head)
        if rows.account.is_plain and not is_padded:
            return ReadableCsv(file.path, head, rows.account.rows)
        copy = f"{scratch}/{file.position}.csv"
        storage.write(copy, CsvRows(len(head.columns)).plain(_content(storage, file, GzipContent())))
    except DamagedError as damage:
        raise UserError(f"{file.path}: {damage}", FETCH_AGAIN) from None
    except csv.Error as error:
        raise UserError(f"{file.path}: cannot read the file: {error}", FETCH_AGAIN) from None
    return ReadableCsv(copy, head, rows.account.rows)


def _head(storage: Storage, file: RawFile) -> CsvHead:
    refuse_other_kinds(file.path, file.name, next(storage.blocks(file.path, HEAD_BYTES), b""))
    first = b""
    for block in _content(storage, file, GzipContent()):
        first += block
        if len(first) >= HEAD_BYTES:
            break
    refuse_no_text(file.path, file.name, first)
    return head_of(first[:HEAD_BYTES])


def _counted(storage: Storage, file: RawFile, head: CsvHead) -> tuple[CsvRows, bool]:
    """Read and count all rows; also return whether Hadoop's gzip reader would fail on trailing padding."""
    packed, rows = GzipContent(), CsvRows(len(head.columns))
    for _ in rows.plain(_content(storage, file, packed)):
        """Only count."""
    return rows, packed.is_padded


def _content(storage: Storage, file: RawFile, packed: GzipContent) -> Iterator[bytes]:
    if file.name.endswith(".gz"):
        return packed.unpacked(storage.blocks(file.path, PACKED_BLOCK_BYTES))
    return storage.blocks(file.path, BLOCK_BYTES)
