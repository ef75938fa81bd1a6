"""Sort the trips of one month in event order within DuckDB's memory limit; the rest spills to disk."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from producer.months import MonthFile
from producer.parquet_check import check_pages
from producer.reading import repairs
from producer.reading.csv_file import UNREADABLE, plain_csv
from producer.reading.queries import derived, duckdb_path, query, quoted_text
from producer.reading.query_progress import QueryProgress
from producer.reading.rejects import Staged, not_accounted_for, refusal, rejects_sql
from producer.reading.sources import MonthSource, open_source, unreadable
from producer.reading.writing import write_csv, write_parquet
from schemas import trip
from schemas.csv_rows import TORN_MARK
from schemas.standardisation import normalise_sql

NO_SPACE = "No space left"
"""The error text of a full disk: a fault of the machine, not of the file."""

STAGED_PERCENT, IDENTIFIED_PERCENT = 35.0, 45.0
"""The progress once the rows are in the contract's types, and once repeated rides are known."""


def write_prepared(
    connection: duckdb.DuckDBPyConnection,
    month: MonthFile,
    workspace: Path,
    target: Path,
    rejects: Path,
    progress: QueryProgress,
) -> None:
    """Write the trips of a month in event order and the list of its rejects, each atomically.

    The workspace is for temporary files. Raises UserError with the reason if the month is refused.
    """
    progress.begin(0.0, STAGED_PERCENT)
    source = _staged(connection, month, workspace)
    if source is None:
        return
    progress.begin(STAGED_PERCENT, IDENTIFIED_PERCENT)
    staged = Staged(*connection.execute(query("staged")).fetchall()[0])
    if staged.rows != source.rows_in_file:
        raise not_accounted_for(month, staged.rows, source.rows_in_file)
    if not staged.is_what_it_claims:
        raise refusal(connection, source, staged)
    if staged.rejected:
        write_csv(derived(source.rows, "source_rows", rejects_sql(source)), rejects)
    constants = _constants(month)
    connection.execute(f"create temp view kept as {query('kept', **constants)}")
    connection.execute(f"create temp table repeats as {query('repeats')}")
    connection.execute(f"create temp view trips as {query('identify')}")
    ordered = connection.sql(query("clock", **constants))
    progress.begin(IDENTIFIED_PERCENT, 100.0)
    write_parquet(ordered.project(", ".join((*trip.current().columns, "is_valid", "replay_at"))), target)
    # The second count is of the rows that were written, as a reader will find them.
    if (written := pq.read_metadata(target).num_rows) != staged.readable - staged.misfits:
        target.unlink()
        raise not_accounted_for(month, written + staged.rejected, source.rows_in_file)


def _staged(connection: duckdb.DuckDBPyConnection, month: MonthFile, workspace: Path) -> MonthSource | None:
    """Write the rows of the file in the contract's types, in any order, as `staged`."""
    source = _checked_source(connection, month, workspace)
    if source is None:
        return None
    try:
        _stage(connection, source, workspace)
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        if NO_SPACE in str(error):
            raise
        if "UTF8" not in str(error) or not month.is_parquet:
            raise unreadable(month, error) from None
        source = _repaired(connection, source, workspace)
        _stage(connection, source, workspace)
    return source


def _checked_source(
    connection: duckdb.DuckDBPyConnection, month: MonthFile, workspace: Path
) -> MonthSource | None:
    """Open the month after checking its checksums and counting its rows without DuckDB."""
    source = open_source(connection, month)
    if source is None:
        return None
    try:
        if source.head is None:
            check_pages(month.path)
            return replace(source, rows_in_file=pq.read_metadata(month.path).num_rows)
        csv = plain_csv(month, source.head, workspace)
    except OSError as error:
        if NO_SPACE in str(error):
            raise
        raise unreadable(month, error) from None
    except (*UNREADABLE, pa.ArrowException) as error:
        raise unreadable(month, error) from None
    readable = open_source(connection, month, csv.path)
    return readable and replace(readable, rows_in_file=csv.account.rows)


def _repaired(connection: duckdb.DuckDBPyConnection, source: MonthSource, workspace: Path) -> MonthSource:
    month = source.month
    try:
        repaired = repairs.with_valid_text(month.path, workspace / "repaired")
    except (OSError, pa.ArrowException) as error:
        raise unreadable(month, error) from None
    readable = open_source(connection, month, repaired)
    assert readable is not None  # noqa: S101 - it was opened before
    return replace(readable, rows_in_file=source.rows_in_file)


def _stage(connection: duckdb.DuckDBPyConnection, source: MonthSource, workspace: Path) -> None:
    connection.execute("set variable staged = $path", {"path": duckdb_path(workspace / "staged.parquet")})
    normalised(source).to_parquet(str(workspace / "staged.parquet"), compression="snappy", overwrite=True)
    connection.execute(query("no_torn_rows"))
    if source.head:
        connection.execute(f"insert into torn_rows by name {query('torn_rows', torn_mark=TORN_MARK)}")


def normalised(source: MonthSource) -> duckdb.DuckDBPyRelation:
    """Convert the rows of a month to the contract's types."""
    return derived(_located(source), "source", normalise_sql(source.layout, source.month.taxi_type))


def _located(source: MonthSource) -> duckdb.DuckDBPyRelation:
    """Return the source columns, with zones from coordinates where the file has no others."""
    layout = source.layout
    zones = (
        f"zone_at({', '.join(f'coordinate({part})' for part in layout.computed[zone])}) as {zone}"
        for zone in layout.zones_by_coordinates
    )
    if not layout.zones_by_coordinates:
        return source.table
    return derived(source.table, "source", query("locate", zones=", ".join(zones)))


def _constants(month: MonthFile) -> dict[str, str]:
    return {
        "taxi_type": month.taxi_type,
        "source_file": quoted_text(month.name),
        "source_month": month.month.isoformat(),
    }
