"""Windows by panes, as batch_backfill/zone_fares makes them, against putting each trip into fifteen windows.

Both read the same made-up month from Parquet, and their rows must be equal.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Annotated

import psutil
import typer
from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.table import Table

from batch_backfill.session import open_session
from batch_backfill.zone_fares.job import zone_fares

FOLDER = Path(__file__).parent / "panes_sql"
COLUMNS = ("trips", "windows", "way", "wall s", "CPU s", "trips/s")


def panes(
    rows: Annotated[str, typer.Option(help="Made-up trips, several sizes with commas.")] = "5000000",
    runs: Annotated[int, typer.Option(help="Of each; the best counts.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Of what is made up.")] = 1,
) -> None:
    """Measure both on months of these sizes."""
    spark = open_session("bench panes")
    home = Path(os.environ.get("TAXI_HOME", ".taxi")).resolve() / "bench"
    table = Table(*COLUMNS)
    for size in map(int, rows.split(",")):
        trips = provided(spark, home / f"panes-{size}-{seed}", size, seed)
        for line in compared(spark, trips, size, runs):
            table.add_row(*line)
    spark.stop()
    Console(width=120).print(table)


def provided(spark: SparkSession, folder: Path, rows: int, seed: int) -> DataFrame:
    """The month, made once and kept."""
    if not folder.is_dir():
        sql = Template((FOLDER / "trips.sql").read_text("utf-8")).substitute(rows=rows, seed=seed, files=16)
        spark.sql(sql).write.parquet(f"{folder}.unfinished", mode="overwrite")
        Path(f"{folder}.unfinished").rename(folder)
    return spark.read.parquet(str(folder))


def exploded(trips: DataFrame) -> DataFrame:
    """The naive way."""
    trips.createOrReplaceTempView("trips")
    return trips.sparkSession.sql((FOLDER / "exploded.sql").read_text("utf-8"))


def compared(spark: SparkSession, trips: DataFrame, size: int, runs: int) -> list[tuple[str, ...]]:
    """A line for each way; their windows are equal."""
    lines: list[tuple[str, ...]] = []
    answers = set()
    ways: dict[str, Callable[[DataFrame], DataFrame]] = {"panes": zone_fares, "exploded": exploded}
    answer(zone_fares(trips.limit(100_000)))  # the JVM is warm then
    for name, way in ways.items():
        wall, cpu, found = min(measured(spark, way, trips) for _ in range(runs))
        answers.add(found)
        counts, seconds = (f"{size:,}", f"{found[0]:,}"), (f"{wall:.1f}", f"{cpu:.1f}")
        lines.append((*counts, name, *seconds, f"{size / wall:,.0f}"))
        Console(stderr=True, soft_wrap=True).print(dict(zip(COLUMNS, lines[-1], strict=True)))
    assert len(answers) == 1, f"the windows differ: {answers}"  # noqa: S101
    return lines


Answer = tuple[int, int]


def measured(
    spark: SparkSession, way: Callable[[DataFrame], DataFrame], trips: DataFrame
) -> tuple[float, float, Answer]:
    """Wall and CPU seconds, and the answer."""
    before, began = cpu_seconds(), time.monotonic()
    found = answer(way(trips))
    wall = time.monotonic() - began
    spark.catalog.clearCache()
    return wall, cpu_seconds() - before, found


def answer(windows: DataFrame) -> Answer:
    """How many rows there are, and a digest of them all that does not depend on their order."""
    digests = windows.selectExpr("xxhash64(*) as digest")
    (row,) = digests.selectExpr("count(*) as rows", "bit_xor(digest) as digest").collect()
    return row["rows"], row["digest"]


def cpu_seconds() -> float:
    """Of Spark's Java."""
    return sum(sum(process.cpu_times()[:2]) for process in psutil.Process().children(recursive=True))


if __name__ == "__main__":
    typer.run(panes)
