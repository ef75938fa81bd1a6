"""A CSV month on this machine: what its first lines tell, and its rows as DuckDB reads them rightly."""

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
"""Unpacked they are about a megabyte, and never more than 130."""
UNREADABLE = (OSError, DamagedError, csv.Error)
"""What is raised for a file that is damaged, cut off or gone."""


@dataclass(frozen=True)
class PlainCsv:
    """A CSV in which every line is a row, below its header, and what was counted in the original."""

    path: Path
    account: CsvAccount


def csv_head(month: MonthFile) -> CsvHead:
    """Look at the first lines; raises UserError for what is no CSV, one of UNREADABLE where it is damaged."""
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
    """Read the file once, its checksums included; where it is packed or odd, the rows are in a copy.

    Raises one of UNREADABLE. DuckDB itself would skip the checksum of gzip, and unpack in one thread.
    """
    copy = workspace / "plain.csv"
    if not month.name.endswith(".gz"):
        rows = CsvRows(len(head.columns))
        for _ in rows.plain(content(month.path)):
            """Only counted: nothing is copied that DuckDB can read as it is."""
        if rows.account.is_plain:
            return PlainCsv(month.path, rows.account)
    rows = CsvRows(len(head.columns))
    with copy.open("wb") as target:
        target.writelines(rows.plain(content(month.path)))
    return PlainCsv(copy, rows.account)


def content(path: Path) -> Iterator[bytes]:
    """The bytes of the CSV, unpacked and held against their checksum."""
    is_packed = path.name.endswith(".gz")
    blocks = _blocks(path, PACKED_BLOCK_BYTES if is_packed else BLOCK_BYTES)
    return GzipContent().unpacked(blocks) if is_packed else blocks


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(size):
            yield block
