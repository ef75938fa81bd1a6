"""Puts the trips of one month in event order, within the memory that DuckDB is given: the rest spills."""

from pathlib import Path

import duckdb
import pyarrow as pa

from producer.months import MonthFile
from producer.reading import repairs
from producer.reading.csv_header import UNREADABLE
from producer.reading.queries import derived, query, quoted_text
from producer.reading.rejects import Staged, refusal, rejects_sql
from producer.reading.sources import MonthSource, open_source, unreadable
from producer.reading.writing import write_csv, write_parquet
from schemas import trip
from schemas.standardisation import normalise_sql

NO_SPACE = "No space left"
"""The machine's fault, not the file's."""


def write_prepared(
    connection: duckdb.DuckDBPyConnection, month: MonthFile, workspace: Path, target: Path, rejects: Path
) -> None:
    """Write the trips of a month in event order and the list of its rejects, each wholly or not at all.

    The folder `room` is for what is needed meanwhile. UserError says why the month is refused.
    """
    source = _staged(connection, month, workspace)
    if source is None:
        return
    staged = Staged(*connection.execute(query("staged")).fetchall()[0])
    if not staged.is_what_it_claims:
        raise refusal(connection, source, staged)
    if staged.rejected:
        write_csv(derived(source.rows, "source_rows", rejects_sql(source)), rejects)
    constants = _constants(month)
    connection.execute(f"create temp view kept as {query('kept', **constants)}")
    connection.execute(f"create temp table repeats as {query('repeats')}")
    connection.execute(f"create temp view trips as {query('identify')}")
    ordered = connection.sql(query("clock", **constants))
    write_parquet(ordered.project(", ".join((*trip.current().columns, "is_valid", "replay_at"))), target)


def _staged(connection: duckdb.DuckDBPyConnection, month: MonthFile, workspace: Path) -> MonthSource | None:
    """Write the rows of the file in the types of the contract, in any order, as `staged`."""
    source = open_source(connection, month)
    if source is None:
        return None
    if source.head and source.head.mixes_line_ends:
        source = _repaired(connection, month, workspace)
    try:
        _stage(connection, source, workspace)
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        if NO_SPACE in str(error):
            raise
        if "UTF8" not in str(error):
            raise unreadable(month, error) from None
        source = _repaired(connection, month, workspace)
        _stage(connection, source, workspace)
    return source


def _repaired(connection: duckdb.DuckDBPyConnection, month: MonthFile, workspace: Path) -> MonthSource:
    repair = repairs.with_valid_text if month.is_parquet else repairs.with_equal_line_ends
    try:
        repaired = repair(month.path, workspace / "mended")
    except (*UNREADABLE, pa.ArrowException) as error:
        raise unreadable(month, error) from None
    source = open_source(connection, month, repaired)
    assert source is not None  # noqa: S101 - it was opened before
    return source


def _stage(connection: duckdb.DuckDBPyConnection, source: MonthSource, workspace: Path) -> None:
    connection.execute("set variable staged = $path", {"path": str(workspace / "staged.parquet")})
    normalised(source).to_parquet(str(workspace / "staged.parquet"), compression="snappy", overwrite=True)
    connection.execute(query("no_torn_rows"))
    if source.head:
        torn = query("torn_rows", lines_before_rows=str(source.head.lines_before_rows))
        connection.execute(f"insert into torn_rows by name {torn}")


def normalised(source: MonthSource) -> duckdb.DuckDBPyRelation:
    """The rows of a month in the types of the contract."""
    return derived(_located(source), "source", normalise_sql(source.layout, source.month.taxi_type))


def _located(source: MonthSource) -> duckdb.DuckDBPyRelation:
    """The source columns, with zones from coordinates where the file has no others."""
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
