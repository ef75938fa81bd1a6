"""Read prepared months: their counts, and their trips in event order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from producer.reading.queries import duckdb_path, query

ROWS_IN_A_BATCH = 16_384


@dataclass(frozen=True)
class Prepared:
    """Trips in event order; `fingerprint` changes with the content of the files and how they are read."""

    path: Path
    fingerprint: str


@dataclass(frozen=True)
class Span:
    """The rows of a prepared month that a replay publishes: from `first_row` on, before `end_row`.

    `late_trips` counts the valid trips that are late on purpose. Instants are those of valid trips, or None
    without any trips.
    """

    path: Path
    first_row: int
    trips: int
    valid_trips: int
    late_trips: int
    first_ms: int | None
    last_ms: int | None
    last_valid_dropoff_ms: int | None

    @property
    def end_row(self) -> int:
        """Return the row after the last one."""
        return self.first_row + self.trips


@dataclass(frozen=True)
class LatenessCounts:
    """The count of valid trips, and of those that would be too late."""

    valid_trips: int
    late_trips: int


@dataclass(frozen=True)
class QuarantineCounts:
    """The count of all trips, and of those that break a rule."""

    trips: int
    quarantined_trips: int


def quarantine_counts(path: Path) -> QuarantineCounts:
    """Count the trips of a prepared month that are quarantined."""
    return QuarantineCounts(**_only_row(query("quarantined"), {"path": duckdb_path(path)}))


def span_of(path: Path, from_at: datetime | None = None, to_at: datetime | None = None) -> Span:
    """Return the trips that happen at or after `from_at` and before `to_at`."""
    values = {"path": duckdb_path(path), "from_at": from_at, "to_at": to_at}
    return Span(path, **_only_row(query("span"), values))


def lateness(path: Path, start_row: int, end_row: int, last_closed_minute_ms: int) -> LatenessCounts:
    """Count the trips from `start_row` on and before `end_row` whose minute the stream has closed."""
    values = {
        "path": duckdb_path(path),
        "start_row": start_row,
        "end_row": end_row,
        "last_closed_minute_ms": last_closed_minute_ms,
    }
    return LatenessCounts(**_only_row(query("lateness"), values))


def spread(path: Path, start_row: int, end_row: int, wanted: int) -> list[tuple[str, int]]:
    """Return trip_id and drop-off (in milliseconds) of a few valid trips, spread over these rows."""
    values = {"path": str(path), "start_row": start_row, "end_row": end_row, "wanted": wanted}
    with duckdb.connect() as connection:
        return connection.execute(query("spread"), values).fetchall()


def broken_rules(path: Path) -> dict[str, int]:
    """Count trips by the rule that they break; a trip may break several."""
    with duckdb.connect() as connection:
        return dict(connection.execute(query("broken_rules"), {"path": duckdb_path(path)}).fetchall())


def batches(path: Path, start_row: int, end_row: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows from `start_row` on and before `end_row`, in order.

    Only a part is in memory at a time.
    """
    if start_row >= end_row:
        return
    with pq.ParquetFile(path) as file:
        skipped, groups = 0, range(file.num_row_groups)
        for group in groups:
            rows = file.metadata.row_group(group).num_rows
            if skipped + rows > start_row:
                groups = range(group, file.num_row_groups)
                break
            skipped += rows
        yield from _between(
            file.iter_batches(ROWS_IN_A_BATCH, row_groups=list(groups)), skipped, start_row, end_row
        )


def _between(
    all_batches: Iterator[pa.RecordBatch], at_row: int, start_row: int, end_row: int
) -> Iterator[pa.RecordBatch]:
    for batch in all_batches:
        if at_row >= end_row:
            return
        wanted = batch.slice(max(0, start_row - at_row))
        wanted = wanted.slice(0, max(0, end_row - max(at_row, start_row)))
        if wanted.num_rows:
            yield wanted
        at_row += batch.num_rows


def _only_row(sql: str, values: dict[str, Any]) -> dict[str, Any]:
    with duckdb.connect() as connection:
        result = connection.execute(sql, values)
        names = [column[0] for column in result.description or ()]
        return dict(zip(names, result.fetchall()[0], strict=True))
