"""The first lines of a CSV month: its columns, and the oddities that the TLC's files have."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.file_bytes import UTF_8_MARK
from schemas.vintages import UNNAMED

LINES_LOOKED_AT = 100
BLANKS = bytes(range(33))
"""Of which a line consists that is none: what Java's `trim` removes."""


@dataclass(frozen=True)
class CsvHead:
    """`names` are those of the header, `columns` has one for each field of a row, also without a name."""

    names: tuple[str, ...]
    columns: tuple[str, ...]
    has_rows: bool


def head_of(first_bytes: bytes) -> CsvHead:
    """What the first bytes of a file tell; raises csv.Error for what is no CSV.

    A line is a row: no value of the TLC's has a line break, so that a stray quote spoils its own line only.
    """
    lines = first_bytes.removeprefix(UTF_8_MARK).splitlines()[: LINES_LOOKED_AT + 1]
    texts = [line.decode("utf-8", "replace") for line in lines if line.strip(BLANKS)]
    names, *rows = [next(csv.reader([text])) for text in texts] or [[]]
    fields = max(len(names), _commonest([len(row) for row in rows] or [len(names)]))
    # The green months of 2013 name 20 columns and have 22 fields a row.
    columns = _unique([*names, *[""] * (fields - len(names))])
    return CsvHead(tuple(names), columns, has_rows=bool(rows))


def _commonest(lengths: Sequence[int]) -> int:
    return Counter(lengths).most_common(1)[0][0]


def _unique(names: list[str]) -> tuple[str, ...]:
    named = [name or f"{UNNAMED}{at}" for at, name in enumerate(names)]
    folded = [name.lower() for name in named]
    return tuple(
        name if folded.index(folded[at]) == at else f"{name} ({at})" for at, name in enumerate(named)
    )
