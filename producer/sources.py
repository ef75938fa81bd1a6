"""Opens a TLC month as a table under the canonical column names, or refuses it in one line."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import duckdb

from producer.errors import UserError
from producer.months import MonthFile
from producer.queries import derived, query, quoted_name
from producer.vintages import SOURCE_COLUMNS, Kind, Layout, resolve

FETCH_AGAIN = "fetch it again (./taxi fetch)"
TAKE_THE_TLCS = "take the month as the TLC publishes it (./taxi fetch)"


@dataclass(frozen=True)
class Source:
    """A month that can be replayed; `table` holds the source columns of the contract and `file_row`."""

    month: MonthFile
    layout: Layout
    table: duckdb.DuckDBPyRelation


def open_source(connection: duckdb.DuckDBPyConnection, month: MonthFile) -> Source | None:
    """The month as a table, lazily; None for a file of zero bytes; UserError says why it cannot be read."""
    columns = csv_columns(month) if not month.is_parquet else None
    if columns == []:
        return None
    try:
        rows = _csv(connection, month.path, columns) if columns else _parquet(connection, month.path)
    except (duckdb.Error, OSError) as error:
        raise unreadable(month, error) from None
    types = {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}
    layout = resolve({name: kind for name, kind in types.items() if name != "file_row"}, month)
    return Source(month, layout, rows.project(_projection(layout)))


def has_rows(source: Source) -> bool:
    """Whether there is a trip at all; raises UserError when not even the first row can be read."""
    try:
        return bool(source.table.limit(1).fetchall())
    except duckdb.Error as error:
        raise unreadable(source.month, error) from None


def unreadable(month: MonthFile, error: Exception) -> UserError:
    """The one line for a file that DuckDB or the system cannot read."""
    reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    if "magic bytes" in reason or "footer" in reason:
        reason = "the file is cut off or no Parquet at all (its end has no Parquet footer)"
    return UserError(f"{month.path}: cannot be read: {reason}", FETCH_AGAIN)


def misfit(source: Source, error: duckdb.Error) -> UserError:
    """The one line for a month with values that the contract cannot carry: which column, an example."""
    for column in SOURCE_COLUMNS:
        if column.name not in source.layout.found or column.kind is Kind.TEXT:
            continue
        readable, expected = _NEEDED[column.kind]
        unreadable_values = query("unreadable", column=column.name, readable=readable)
        ((count, example),) = derived(source.table, "source", unreadable_values).fetchall()
        if count:
            name = source.layout.found[column.name]
            return UserError(
                f"{source.month.path}: {count:,} values of {name}, like {example!r}, are not {expected}",
                TAKE_THE_TLCS,
            )
    return unreadable(source.month, error)


_NEEDED = {
    Kind.CLOCK: ("readable_clock", "times like 2024-01-31 08:00:00"),
    Kind.WHOLE: ("readable_whole", "whole numbers of a sensible size"),
    Kind.AMOUNT: ("readable_amount", "amounts of a sensible size"),
}


def csv_columns(month: MonthFile) -> list[str]:
    """The names in the header, made unique; none for a file of zero bytes."""
    opened = gzip.open if month.name.endswith(".gz") else open
    try:
        with opened(month.path, "rt", encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines), [])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(month, error) from None
    return [name if header.index(name) == at else f"{name} ({at})" for at, name in enumerate(header)]


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, columns: list[str]) -> duckdb.DuckDBPyRelation:
    rows = connection.read_csv(
        str(path),
        columns={name or "unnamed: 0": "VARCHAR" for name in columns},
        auto_detect=False,
        header=True,
        sep=",",
        quotechar='"',
    )
    return rows.project("*, row_number() over () - 1 as file_row")


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return connection.read_parquet(str(path), file_row_number=True).project(
        "* exclude (file_row_number), file_row_number as file_row"
    )


def _projection(layout: Layout) -> str:
    found = (f"{quoted_name(original)} as {name}" for name, original in layout.found.items())
    absent = (f"null as {name}" for name in layout.absent)
    return ", ".join(("file_row", *found, *absent))
