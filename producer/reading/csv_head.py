"""The first lines of a CSV month: its columns, and the oddities that the TLC's files have."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mode
from typing import BinaryIO

from producer.reading.vintages import UNNAMED

LINES_LOOKED_AT = 100
LONGEST_LINE_BYTES = 1 << 20
UNREADABLE = (OSError, EOFError, zlib.error, csv.Error)
"""What Python raises for a file that is damaged, cut off or gone."""


@dataclass(frozen=True)
class CsvHead:
    """`columns` has a name for each field of a row, also for those that the header does not name."""

    columns: tuple[str, ...]
    lines_before_rows: int
    has_rows: bool
    mixes_line_ends: bool


def csv_head(path: Path) -> CsvHead:
    """Look at the first lines; raises one of UNREADABLE where they cannot be read."""
    with opened(path) as file:
        lines = list(islice(_lines(file), LINES_LOOKED_AT))
    texts = [line.decode("utf-8-sig", "replace") for line in lines]
    names, *rows = [*csv.reader(texts)] or [[]]
    filled = [len(row) for row in rows if row]
    blank = next((at for at, row in enumerate(rows) if row), len(rows))
    # The green months of 2013 name 20 columns and have 22 fields a row.
    fields = max(len(names), mode(filled)) if filled else len(names)
    return CsvHead(
        columns=_unique([*names, *[""] * (fields - len(names))]),
        lines_before_rows=1 + blank,
        has_rows=bool(filled),
        mixes_line_ends=len({line.endswith(b"\r\n") for line in lines if line.endswith(b"\n")}) > 1,
    )


def opened(path: Path) -> BinaryIO:
    """The bytes of the CSV, unpacked."""
    if path.name.endswith(".gz"):
        return gzip.open(path)  # type: ignore[return-value]
    return path.open("rb")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE_BYTES):
        yield line


def _unique(names: list[str]) -> tuple[str, ...]:
    named = [name or f"{UNNAMED}{at}" for at, name in enumerate(names)]
    folded = [name.lower() for name in named]
    return tuple(
        name if folded.index(folded[at]) == at else f"{name} ({at})" for at, name in enumerate(named)
    )
