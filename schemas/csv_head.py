"""The first lines of a CSV month: its columns, and the irregularities of the TLC's files."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.file_bytes import UTF_8_MARK, DamagedError
from schemas.vintages import UNNAMED

LINES_LOOKED_AT = 100
BLANKS = bytes(range(33))
"""The bytes of a blank line: those that Java's `trim` removes."""
WRONG_HEADER = "has a misplaced quote in its header"


@dataclass(frozen=True)
class CsvHead:
    """`names` are those of the header; `columns` has one for each field of a row, also for unnamed fields."""

    names: tuple[str, ...]
    columns: tuple[str, ...]
    has_rows: bool


def head_of(first_bytes: bytes) -> CsvHead:
    """Parse the first bytes of a file; raises csv.Error or DamagedError when they are not CSV.

    A line is a row: no value of the TLC's has a line break, so a stray quote spoils only its own line.
    """
    lines = first_bytes.removeprefix(UTF_8_MARK).splitlines()[: LINES_LOOKED_AT + 1]
    filled = [line for line in lines if line.strip(BLANKS)]
    if filled and not has_sound_quotes(filled[0]):
        raise DamagedError(WRONG_HEADER)
    texts = [line.decode("utf-8", "replace") for line in filled]
    names, *rows = [next(csv.reader([text])) for text in texts] or [[]]
    fields = max(len(names), _commonest([len(row) for row in rows] or [len(names)]))
    # The green months of 2013 name 20 columns and have 22 fields per row.
    columns = _unique([*names, *[""] * (fields - len(names))])
    return CsvHead(tuple(names), columns, has_rows=bool(rows))


def has_sound_quotes(line: bytes) -> bool:
    """Return whether quotes enclose whole fields only and are doubled inside, as RFC 4180 requires."""
    if b'"' not in line:
        return True
    first, *between, last = line.split(b'"')
    outside = between[1::2]
    return (
        len(between) % 2 == 1
        and (not first or first.endswith(b","))
        and (not last or last.startswith(b","))
        and all(not part or (part.startswith(b",") and part.endswith(b",")) for part in outside)
    )


def _commonest(lengths: Sequence[int]) -> int:
    return Counter(lengths).most_common(1)[0][0]


def _unique(names: list[str]) -> tuple[str, ...]:
    named = [name or f"{UNNAMED}{at}" for at, name in enumerate(names)]
    folded = [name.lower() for name in named]
    return tuple(
        name if folded.index(folded[at]) == at else f"{name} ({at})" for at, name in enumerate(named)
    )
