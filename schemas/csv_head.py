"""The first lines of a CSV month: its columns, and the oddities that the TLC's files have."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mode

from schemas.vintages import UNNAMED

LINES_LOOKED_AT = 100


@dataclass(frozen=True)
class CsvHead:
    """`columns` has a name for each field of a row, also for those that the header does not name."""

    columns: tuple[str, ...]
    lines_before_rows: int
    has_rows: bool
    mixes_line_ends: bool


def head_of(lines: Sequence[bytes]) -> CsvHead:
    """What the first lines tell, line ends included; raises csv.Error for what is no CSV."""
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


def _unique(names: list[str]) -> tuple[str, ...]:
    named = [name or f"{UNNAMED}{at}" for at, name in enumerate(names)]
    folded = [name.lower() for name in named]
    return tuple(
        name if folded.index(folded[at]) == at else f"{name} ({at})" for at, name in enumerate(named)
    )
