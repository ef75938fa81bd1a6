"""Leave out rows that the contract cannot carry; count them, and list them with their reasons."""

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from producer.months import MonthFile
from producer.reading.queries import query, quoted_name, quoted_text
from producer.reading.sources import MonthSource
from schemas.atomic_file import atomic_path
from schemas.errors import UserError
from schemas.standardisation import DEMANDS, is_what_it_claims

TAKE_THE_TLCS = "fetch the TLC's original file with ./taxi fetch"

LONGEST_FIELD = 1 << 30

TORN: Mapping[str, str] = {
    "MISSING COLUMNS": "has fewer fields than the other rows",
    "TOO MANY COLUMNS": "has more fields than the other rows",
    "INVALID ENCODING": "is not UTF-8",
    "UNQUOTED VALUE": "has a misplaced quote",
    "LINE SIZE OVER MAXIMUM": "is longer than 2 MB",
    "ZERO BYTE": "has a zero byte",
}
"""The reason why a CSV line is not a row, by the error names of DuckDB and schemas/csv_rows.py."""


@dataclass(frozen=True)
class Rejects:
    """Rows of a month that are left out, and the file that lists them; there is no file without rejects."""

    count: int
    path: Path | None


@dataclass(frozen=True)
class Staged:
    """The counts of a month: readable rows, rows that do not fit, and lines that are not rows."""

    readable: int
    misfits: int
    torn: int

    @property
    def rows(self) -> int:
        """Return the count of all rows in the file."""
        return self.readable + self.torn

    @property
    def rejected(self) -> int:
        """Return the count of rejected rows."""
        return self.misfits + self.torn

    @property
    def is_what_it_claims(self) -> bool:
        """Return whether so few rows do not fit that the file can be the month in its name."""
        return is_what_it_claims(self.rejected, self.rows)


def refusal(connection: duckdb.DuckDBPyConnection, source: MonthSource, staged: Staged) -> UserError:
    """Return the error for a file that is not the month in its name; it states the column or the row."""
    path = source.month.path
    if staged.torn > staged.misfits:
        error_type, row = connection.execute(query("torn_example")).fetchall()[0]
        return UserError(
            f"{path}: {staged.torn:,} of {staged.rows:,} lines are not rows; row {row:,} {TORN[error_type]}",
            TAKE_THE_TLCS,
        )
    name, count, first_row = connection.execute(query("examples")).fetchall()[0]
    original = source.layout.found[name]
    shown = f"cast({_shown(original, str(source.rows[original].types[0]))} as varchar)"
    example = source.rows.filter(f"file_row = {first_row}").project(shown).fetchall()[0][0]
    demanded = DEMANDS[source.layout.read[name]].plural
    return UserError(
        f"{path}: {count:,} values of {original}, like {example!r}, are not {demanded}", TAKE_THE_TLCS
    )


def not_accounted_for(month: MonthFile, found: int, rows_in_file: int) -> UserError:
    """Return the error for a file whose rows are not all trips or listed rejects."""
    return UserError(
        f"{month.path}: has {rows_in_file:,} rows, but only {found:,} were read as trips or rejects;"
        " the month is refused",
        TAKE_THE_TLCS,
    )


def rejects_sql(source: MonthSource) -> str:
    """Return the query that lists the rejects; it reads `source_rows`, `torn_rows` and the staged rows."""
    found, read = source.layout.found, source.layout.read
    shown = {
        name: _shown(name, str(kind))
        for name, kind in zip(source.rows.columns, source.rows.types, strict=True)
        if name != "file_row"
    }
    return query(
        "rejects",
        names=_whens({name: f"'{quoted_text(original)}'" for name, original in found.items()}),
        values=_whens({name: f"cast({shown[original]} as varchar)" for name, original in found.items()}),
        reasons=_whens({name: f"'{DEMANDS[kind].missed}'" for name, kind in read.items()}),
        fields=", ".join(f"{quoted_name(name)} := {value}" for name, value in shown.items()),
        torn_reasons=_whens({error_type: f"'{reason}'" for error_type, reason in TORN.items()}),
    )


def hand_out(listed: Path, target: Path) -> Rejects:
    """Copy the list of a month's rejects, if there is one, to the user's folder."""
    if not listed.is_file():
        return Rejects(0, None)
    with atomic_path(target) as file:
        shutil.copyfile(listed, file)
    csv.field_size_limit(LONGEST_FIELD)
    with listed.open(encoding="utf-8", newline="") as rows:
        return Rejects(sum(1 for _ in csv.reader(rows)) - 1, target)


def _shown(column: str, stored: str) -> str:
    """Return the value of a column; DuckDB cannot print the earliest timestamps, so `clock_shown` does."""
    return f"clock_shown({quoted_name(column)})" if stored == "TIMESTAMP" else quoted_name(column)


def _whens(results: Mapping[str, str]) -> str:
    return " ".join(f"when '{name}' then {result}" for name, result in results.items())
