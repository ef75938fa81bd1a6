"""Lay out a month of a table in files: by time, sorted, of suitable size."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from itertools import pairwise

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import expr

from batch_backfill.storage import Storage
from schemas.processed import ProcessedTable
from schemas.tlc_month import TlcMonth

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - clocks are New York's
BLOCK_BYTES = 1 << 20
NEVER, FOR_EVER = -(2**40), 2**40
"""Minutes before and after all others."""


@dataclass(frozen=True)
class Stretches:
    """A month cut into equal parts, one file each.

    Earlier or later rows are in the first or the last part.
    """

    month: TlcMonth
    files: int
    in_one_task: bool = False
    """So few rows, all for one file, that one task does all of a step: none are exchanged between tasks."""

    @cached_property
    def edge_minutes(self) -> tuple[tuple[int, int], ...]:
        """Return the first minute of each part and the one after its last, counted from 1970."""
        first, end = ((clock - EPOCH) // timedelta(minutes=1) for clock in self._clocks)
        inner = [first + (end - first) * number // self.files for number in range(1, self.files)]
        edges = [NEVER, *inner, FOR_EVER]
        return tuple(pairwise(edges))

    def number_sql(self, clock: str) -> str:
        """Return the SQL expression of the part that a column's time is in, counted from 0."""
        first, end = self._clocks
        since_first = f"timestampdiff(second, timestamp_ntz'{first}', {clock})"
        share = f"floor({since_first} * {self.files} / {(end - first).total_seconds()})"
        return f"int(least(greatest({share}, 0), {self.files - 1}))"

    @property
    def _clocks(self) -> tuple[datetime, datetime]:
        days = (self.month.first_day, self.month.next_first_day)
        first, end = (datetime.combine(day, time()) for day in days)
        return first, end


def write_month(rows: DataFrame, table: ProcessedTable, folder: str, stretches: Stretches) -> None:
    """Write the rows of a month, one file per part, in order."""
    if tuple(rows.columns) != table.column_names:
        raise ValueError(f"the columns of {table.name} differ from schemas/processed.py: {rows.columns}")
    by_time = range_partitioned(rows, stretches.number_sql(table.sorted_by), stretches)
    in_order = by_time.sortWithinPartitions(table.sorted_by, table.columns[0][0])
    in_order.write.parquet(folder, mode="overwrite", compression=table.compression)


def write_files(storage: Storage, files: Mapping[int, bytes], folder: str) -> None:
    """Write a Parquet file per part, under names that no earlier file had."""
    run = uuid.uuid4()
    for number, content in sorted(files.items()):
        blocks = (content[start : start + BLOCK_BYTES] for start in range(0, len(content), BLOCK_BYTES))
        storage.write(f"{folder}/part-{number:05}-{run}.parquet", blocks)


def range_partitioned(rows: DataFrame, number: str, stretches: Stretches) -> DataFrame:
    """Put each row in the partition whose number the SQL expression gives.

    Spark's own repartitionByRange would compute all rows twice, to sample the range bounds.
    """
    if stretches.in_one_task:
        return rows.coalesce(1)
    if stretches.files == 1:
        return rows.repartition(1)
    keys = ", ".join(map(str, _keys(rows.sparkSession, stretches.files)))
    return rows.repartition(stretches.files, expr(f"array({keys})[{number}]"))


def _keys(session: SparkSession, partitions: int) -> Sequence[int]:
    """Return for each partition a number that Spark's hash puts there."""
    candidates = session.range(100 * partitions).selectExpr(
        "int(id) as key", f"pmod(hash(int(id)), {partitions}) as partition"
    )
    chosen = candidates.groupBy("partition").min("key").orderBy("partition").collect()
    return [row["min(key)"] for row in chosen]
