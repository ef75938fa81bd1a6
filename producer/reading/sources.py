"""Open a TLC month as a table under the canonical column names, or refuse it with a one-line error."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from producer.months import MonthFile
from producer.reading.csv_file import UNREADABLE, csv_head
from producer.reading.queries import duckdb_path, query, quoted_name, quoted_text
from schemas.csv_head import CsvHead
from schemas.errors import UserError
from schemas.file_bytes import HEAD_BYTES, DamagedError, refuse_other_kinds
from schemas.vintages import (
    CLOCKS,
    CODES,
    FLAGS,
    NUMBERS_IN_TEXT,
    SOURCE_COLUMNS,
    Kind,
    Layout,
    refuse_repeated_names,
    resolve,
)

FETCH_AGAIN = "fetch it again with ./taxi fetch"


@dataclass(frozen=True)
class MonthSource:
    """A month that can be replayed.

    `rows` are as the file has them, `table` holds the source columns of the contract; both have `file_row`,
    which numbers the readable rows. `head` is set for a CSV. `rows_in_file`, torn lines included, is counted
    without DuckDB when the file is read whole.
    """

    month: MonthFile
    layout: Layout
    rows: duckdb.DuckDBPyRelation
    table: duckdb.DuckDBPyRelation
    head: CsvHead | None
    rows_in_file: int = 0


def open_source(
    connection: duckdb.DuckDBPyConnection, month: MonthFile, copy: Path | None = None
) -> MonthSource | None:
    """Open the month (or a readable copy) as a lazy table.

    Returns None for a CSV without a line; raises UserError if the month is refused. Torn rows of a CSV are
    left out, and recorded in the connection's `reject_errors`.
    """
    head = head_of(month)
    if head and not head.columns:
        return None
    refuse_repeated_names(head.names if head else _parquet_names(month), month)
    path = copy or month.path
    try:
        rows = _csv(connection, path, head) if head else _parquet(connection, path)
    except (duckdb.Error, OSError) as error:
        raise unreadable(month, error) from None
    types = {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}
    layout = resolve({name: kind for name, kind in types.items() if name != "file_row"}, month)
    connection.execute(query("macros"))
    return MonthSource(month, layout, rows, rows.project(_projection(layout, types)), head)


def head_of(month: MonthFile) -> CsvHead | None:
    """Return the first lines of a CSV, None for Parquet; raises UserError if they cannot be read."""
    try:
        if not month.is_parquet:
            return csv_head(month)
        with month.path.open("rb") as file:
            refuse_other_kinds(month.path, month.name, file.read(HEAD_BYTES))
    except UNREADABLE as error:
        raise unreadable(month, error) from None
    return None


def has_rows(source: MonthSource) -> bool:
    """Return whether there is at least one trip."""
    if source.head:
        return source.head.has_rows
    try:
        return bool(pq.read_metadata(source.month.path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(source.month, error) from None


def unreadable(month: MonthFile, error: Exception) -> UserError:
    """Return the error for a file that is damaged, or that DuckDB or the system cannot read."""
    if isinstance(error, DamagedError):
        return UserError(f"{month.path}: {error}", FETCH_AGAIN)
    reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    if "magic bytes" in reason or "footer" in reason:
        reason = "it is truncated or not Parquet (no Parquet footer)"
    return UserError(f"{month.path}: cannot read the file: {reason}", FETCH_AGAIN)


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, head: CsvHead) -> duckdb.DuckDBPyRelation:
    rows = connection.read_csv(
        duckdb_path(path),
        columns=dict.fromkeys(head.columns, "VARCHAR"),
        auto_detect=False,
        header=True,
        sep=",",
        quotechar='"',
        store_rejects=True,
        hive_partitioning=False,
    )
    return rows.project("*, row_number() over () - 1 as file_row")


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    rows = connection.read_parquet(duckdb_path(path), file_row_number=True, hive_partitioning=False)
    return rows.project("* exclude (file_row_number), file_row_number as file_row")


def _parquet_names(month: MonthFile) -> list[str]:
    """Return the names as stored in the file: DuckDB renames a second column of the same name."""
    try:
        return list(pq.read_schema(month.path).names)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(month, error) from None


def _projection(layout: Layout, types: Mapping[str, str]) -> str:
    found = (f"{_reading(layout, name, types)} as {name}" for name in layout.found)
    absent = (f"null as {column.name}" for column in SOURCE_COLUMNS if column.name not in layout.found)
    return ", ".join(("file_row", *found, *absent))


def _reading(layout: Layout, name: str, types: Mapping[str, str]) -> str:
    """Return the expression that converts a value of this vintage to the current form."""
    original, kind = quoted_name(layout.found[name]), layout.read[name]
    if kind in CODES:
        macro = "flag" if CODES[kind] is FLAGS else "code"
        # An empty text is absent, as it is in a CSV.
        value = f"nullif({original}, '')" if types[layout.found[name]] == "VARCHAR" else original
        return f"{macro}({value}, {_map(CODES[kind])})"
    if types[layout.found[name]] == "TIMESTAMP_NS":
        return f"clock_of_nanoseconds({original})"
    if types[layout.found[name]] == "VARCHAR" and kind in CLOCKS:
        return f"clock_text({original})"
    if types[layout.found[name]] == "VARCHAR" and kind in NUMBERS_IN_TEXT:
        return f"number_text({original})"
    return f"licence({original})" if kind is Kind.LICENCE else original


def _map(texts: Mapping[str, str]) -> str:
    pairs = (f"'{quoted_text(key)}': '{quoted_text(value)}'" for key, value in texts.items())
    return f"map {{{', '.join(pairs)}}}"
