"""The first lines of a CSV month on this machine."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from schemas.csv_head import LINES_LOOKED_AT, CsvHead, head_of

LONGEST_LINE_BYTES = 1 << 20
UNREADABLE = (OSError, EOFError, zlib.error, csv.Error)
"""What Python raises for a file that is damaged, cut off or gone."""


def csv_head(path: Path) -> CsvHead:
    """Look at the first lines; raises one of UNREADABLE where they cannot be read."""
    with opened(path) as file:
        return head_of(list(islice(_lines(file), LINES_LOOKED_AT)))


def opened(path: Path) -> BinaryIO:
    """The bytes of the CSV, unpacked."""
    if path.name.endswith(".gz"):
        return gzip.open(path)  # type: ignore[return-value]
    return path.open("rb")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE_BYTES):
        yield line
