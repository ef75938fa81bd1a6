"""Inspect a local CSV month, and prepare its rows so that DuckDB reads them correctly."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from producer.months import MonthFile
from schemas.csv_head import CsvHead, head_of
from schemas.csv_rows import CsvAccount, CsvRows
from schemas.file_bytes import HEAD_BYTES, DamagedError, GzipContent, refuse_no_text, refuse_other_kinds

BLOCK_BYTES = 1 << 20
PACKED_BLOCK_BYTES = 1 << 17
"""The block size; unpacked, a block is about a megabyte, and never more than 130."""
UNREADABLE = (OSError, DamagedError, csv.Error)
"""The exceptions raised for a file that is damaged, truncated or missing."""


@dataclass(frozen=True)
class PlainCsv:
    """A CSV in which every line below the header is a row, and the counts of the original."""

    path: Path
    account: CsvAccount


def csv_head(month: MonthFile) -> CsvHead:
    """Read the first lines.

    Raises UserError if the file is not a CSV, and one of UNREADABLE if it is damaged.
    """
    with month.path.open("rb") as file:
        refuse_other_kinds(month.path, month.name, file.read(HEAD_BYTES))
    first = b""
    for block in content(month.path):
        first += block
        if len(first) >= HEAD_BYTES:
            break
    refuse_no_text(month.path, month.name, first)
    return head_of(first[:HEAD_BYTES])


def plain_csv(month: MonthFile, head: CsvHead, workspace: Path) -> PlainCsv:
    """Read the file once, with its checksums; if it is compressed or irregular, copy the rows.

    Raises one of UNREADABLE. DuckDB itself would skip the checksum of gzip, and unpack in one thread.
    """
    copy = workspace / "plain.csv"
    if not month.name.endswith(".gz"):
        rows = CsvRows(len(head.columns))
        for _ in rows.plain(content(month.path)):
            """Only count: DuckDB can read the file as it is, so no row is copied."""
        if rows.account.is_plain:
            return PlainCsv(month.path, rows.account)
    rows = CsvRows(len(head.columns))
    with copy.open("wb") as target:
        target.writelines(rows.plain(content(month.path)))
    return PlainCsv(copy, rows.account)


def content(path: Path) -> Iterator[bytes]:
    """Yield the uncompressed bytes of the CSV, with its checksum verified."""
    is_packed = path.name.endswith(".gz")
    blocks = _blocks(path, PACKED_BLOCK_BYTES if is_packed else BLOCK_BYTES)
    return GzipContent().unpacked(blocks) if is_packed else blocks


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(size):
            yield block
