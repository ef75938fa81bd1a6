"""Opens a TLC month as a table under the canonical column names, or refuses it in one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from producer.months import MonthFile
from producer.reading.csv_header import UNREADABLE, csv_head
from producer.reading.queries import query, quoted_name, quoted_text
from schemas.csv_head import CsvHead
from schemas.errors import UserError
from schemas.vintages import CODES, SOURCE_COLUMNS, Kind, Layout, resolve

FETCH_AGAIN = "fetch it again (./taxi fetch)"


@dataclass(frozen=True)
class MonthSource:
    """A month that can be replayed.

    `rows` are as the file has them, `table` holds the source columns of the contract; both have `file_row`,
    which counts the rows that can be read. `head` is there for a CSV.
    """

    month: MonthFile
    layout: Layout
    rows: duckdb.DuckDBPyRelation
    table: duckdb.DuckDBPyRelation
    head: CsvHead | None


def open_source(
    connection: duckdb.DuckDBPyConnection, month: MonthFile, repaired: Path | None = None
) -> MonthSource | None:
    """The month (or its mended copy) as a table, lazily; None for a file of zero bytes; or UserError.

    Rows of a CSV that are torn are left out, and noted in the connection's `reject_errors`.
    """
    head = head_of(month)
    if head and not head.columns:
        return None
    path = repaired or month.path
    try:
        rows = _csv(connection, path, head) if head else _parquet(connection, path)
    except (duckdb.Error, OSError) as error:
        raise unreadable(month, error) from None
    types = {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}
    layout = resolve({name: kind for name, kind in types.items() if name != "file_row"}, month)
    connection.execute(query("macros"))
    return MonthSource(month, layout, rows, rows.project(_projection(layout)), head)


def head_of(month: MonthFile) -> CsvHead | None:
    """The first lines of a CSV, none for Parquet; UserError when they cannot be read."""
    if month.is_parquet:
        return None
    try:
        return csv_head(month.path)
    except UNREADABLE as error:
        raise unreadable(month, error) from None


def has_rows(source: MonthSource) -> bool:
    """Whether there is a trip at all."""
    if source.head:
        return source.head.has_rows
    try:
        return bool(pq.read_metadata(source.month.path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(source.month, error) from None


def unreadable(month: MonthFile, error: Exception) -> UserError:
    """The one line for a file that DuckDB or the system cannot read."""
    reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    if "magic bytes" in reason or "footer" in reason:
        reason = "the file is cut off or no Parquet at all (its end has no Parquet footer)"
    return UserError(f"{month.path}: cannot be read: {reason}", FETCH_AGAIN)


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, head: CsvHead) -> duckdb.DuckDBPyRelation:
    rows = connection.read_csv(
        str(path),
        columns=dict.fromkeys(head.columns, "VARCHAR"),
        auto_detect=False,
        header=True,
        sep=",",
        quotechar='"',
        store_rejects=True,
    )
    return rows.project("*, row_number() over () - 1 as file_row")


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return connection.read_parquet(str(path), file_row_number=True).project(
        "* exclude (file_row_number), file_row_number as file_row"
    )


def _projection(layout: Layout) -> str:
    found = (f"{_reading(layout, name)} as {name}" for name in layout.found)
    absent = (f"null as {column.name}" for column in SOURCE_COLUMNS if column.name not in layout.found)
    return ", ".join(("file_row", *found, *absent))


def _reading(layout: Layout, name: str) -> str:
    """How a value of this vintage becomes one of today."""
    original, kind = quoted_name(layout.found[name]), layout.read[name]
    if kind in CODES:
        macro = "flag" if kind is Kind.FLAG else "code"
        return f"{macro}({original}, {_map(CODES[kind])})"
    return f"licence({original})" if kind is Kind.LICENCE else original


def _map(texts: Mapping[str, str]) -> str:
    pairs = (f"'{quoted_text(key)}': '{quoted_text(value)}'" for key, value in texts.items())
    return f"map {{{', '.join(pairs)}}}"
