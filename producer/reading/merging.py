"""Merge several prepared months in event order: each is sorted, so few rows are in memory at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from producer.reading.writing import ROWS_IN_A_GROUP
from schemas.atomic_file import atomic_path

START_OF_TIME, END_OF_TIME = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - New York
EVENT_ORDER = [("replay_at", "ascending"), ("trip_id", "ascending")]


@dataclass
class _SortedFile:
    """A month, of which some rows are in memory."""

    batches: Iterator[pa.RecordBatch]
    rows: pa.Table
    has_more: bool = True

    @property
    def horizon(self) -> datetime:
        """Return the instant before which no unread row of this month can be."""
        if not self.has_more:
            return END_OF_TIME
        return self.rows["replay_at"][-1].as_py() if self.rows.num_rows else START_OF_TIME

    def read_on(self) -> None:
        """Read the next batch into memory."""
        batch = next(self.batches, None)
        if batch is None:
            self.has_more = False
        else:
            columns = pa.Table.from_arrays(batch.columns, schema=self.rows.schema)
            self.rows = pa.concat_tables([self.rows, columns])

    def take_before(self, horizon: datetime) -> pa.Table:
        """Remove and return the rows before the horizon."""
        count = pc.sum(pc.less(self.rows["replay_at"], pa.scalar(horizon, pa.timestamp("us")))).as_py() or 0
        taken, self.rows = self.rows.slice(0, count), self.rows.slice(count)
        return taken


def write_merged(paths: Sequence[Path], target: Path, watch: Callable[[float], None]) -> None:
    """Write the trips of all these in event order; `watch` is called with the percentage, and may raise."""
    with ExitStack() as stack, atomic_path(target) as draft:
        files = [stack.enter_context(pq.ParquetFile(path)) for path in paths]
        total = sum(file.metadata.num_rows for file in files) or 1
        schema, done = _nullable(files[0].schema_arrow), 0
        parts = [_SortedFile(file.iter_batches(ROWS_IN_A_GROUP), schema.empty_table()) for file in files]
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for group in _groups(_in_order(parts), schema):
                writer.write_table(group)
                done += group.num_rows
                watch(100 * done / total)


def _nullable(schema: pa.Schema) -> pa.Schema:
    """Make every column nullable: DuckDB marks a column as not null per month, by the values that it saw."""
    return pa.schema([field.with_nullable(True) for field in schema])


def _in_order(parts: list[_SortedFile]) -> Iterator[pa.Table]:
    while any(part.has_more or part.rows.num_rows for part in parts):
        nearest = min(parts, key=lambda part: part.horizon)
        nearest.read_on()
        # Rows at the horizon itself wait: more of the same instant may follow.
        horizon = min(part.horizon for part in parts)
        yield _sorted([part.take_before(horizon) for part in parts])


def _sorted(tables: list[pa.Table]) -> pa.Table:
    filled = [table for table in tables if table.num_rows]
    if len(filled) == 1:
        return filled[0]
    return pa.concat_tables(filled or tables).sort_by(EVENT_ORDER)


def _groups(tables: Iterator[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Regroup the rows into tables of the size of a row group."""
    waiting = schema.empty_table()
    for table in tables:
        waiting = pa.concat_tables([waiting, table])
        while waiting.num_rows >= ROWS_IN_A_GROUP:
            yield waiting.slice(0, ROWS_IN_A_GROUP)
            waiting = waiting.slice(ROWS_IN_A_GROUP)
    yield waiting
