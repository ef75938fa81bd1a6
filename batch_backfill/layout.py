"""How a table's month is laid out in files: by time, sorted, of good size."""

from collections.abc import Sequence
from datetime import datetime, time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import expr

from schemas.processed import ProcessedTable
from schemas.tlc_month import TlcMonth


def write_month(rows: DataFrame, table: ProcessedTable, folder: str, month: TlcMonth, files: int) -> None:
    """Write the rows of a month as so many files, each with a stretch of the month, in order."""
    if tuple(rows.columns) != table.column_names:
        raise ValueError(f"{table.name} has the columns {rows.columns}, not those of schemas/processed.py")
    placed = rows.repartition(1) if files == 1 else _in_stretches(rows, table.sorted_by, month, files)
    in_order = placed.sortWithinPartitions(table.sorted_by, table.columns[0][0])
    in_order.write.parquet(folder, mode="overwrite", compression=table.compression)


def _in_stretches(rows: DataFrame, clock: str, month: TlcMonth, files: int) -> DataFrame:
    """A partition for each of equal stretches of the month.

    Spark's own repartitionByRange would compute all rows twice, to look for the borders.
    """
    first, end = (datetime.combine(day, time()) for day in (month.first_day, month.next_first_day))
    since_first = f"timestampdiff(second, timestamp_ntz'{first}', {clock})"
    stretch = (
        f"least(greatest(floor({since_first} * {files} / {(end - first).total_seconds()}), 0), {files - 1})"
    )
    keys = ", ".join(map(str, _keys(rows.sparkSession, files)))
    return rows.repartition(files, expr(f"array({keys})[int({stretch})]"))


def _keys(session: SparkSession, partitions: int) -> Sequence[int]:
    """For each partition a number that Spark's hash puts there."""
    candidates = session.range(100 * partitions).selectExpr(
        "int(id) as key", f"pmod(hash(int(id)), {partitions}) as partition"
    )
    chosen = candidates.groupBy("partition").min("key").orderBy("partition").collect()
    return [row["min(key)"] for row in chosen]
