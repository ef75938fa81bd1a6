"""Measure where a hot zone slows Spark, what fixes it, and what only looks like a fix.

The same synthetic trips go through each operation in several ways, whose results must be equal. Task times
come from Spark's event log. Two cores hide skew, because all work waits in one queue. So the recorded task
times are also scheduled on 8, 16 and 64 cores, and on 2, to compare the model with the clock.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from bench._event_log import StageMetrics, read_work
from bench._skew_chart import draw

FOLDER = Path(__file__).parent / "skew_sql"
CORES = (2, 8, 16, 64)
"""Core counts; the first is compared with the wall time of a machine that has as many."""

REMEDIES = {
    "gap": "two_phase",
    "percentile": "two_phase",
    "join": "salted",
    "dedup": "salted",
    "average": "plain",
}
"""The recommended fix for each operation."""

OPERATIONS = tuple(REMEDIES)
COLUMNS = (
    *(
        "operation",
        "way",
        "AQE",
        "wall s",
        "CPU s",
        "longest task s",
        "max/median time",
        "max/median records",
    ),
    *("shuffle MB", "spill MB", *(f"on {cores} cores s" for cores in CORES)),
)


@dataclass(frozen=True)
class Variant:
    """An operation, how it is done, and whether Spark adapts the plan as it runs (AQE)."""

    operation: str
    name: str
    adapts: bool

    @property
    def label(self) -> str:
        """Return the name of its Spark job group."""
        return f"{self.operation}.{self.name}.{'aqe' if self.adapts else 'fixed'}"

    @property
    def sql(self) -> str:
        """Return its query."""
        return (FOLDER / f"{self.operation}.{self.name}.sql").read_text("utf-8")


@dataclass(frozen=True)
class Measured:
    """The measurements of one variant."""

    variant: Variant
    wall_seconds: float
    work: StageMetrics

    def figures(self) -> Mapping[str, str | float]:
        """Return its row of the table."""
        work = self.work
        name = (self.variant.operation, self.variant.name, "on" if self.variant.adapts else "off")
        megabytes = (work.shuffled_bytes / 1e6, work.spilled_bytes / 1e6)
        seconds = (self.wall_seconds, work.cpu_seconds, max(task.seconds for task in work.longest_stage))
        makespans = (work.makespan_seconds(cores) for cores in CORES)
        ratios = (work.straggler_ratio, work.record_ratio)
        values: list[str | float] = [*name, *seconds, *ratios, *megabytes, *makespans]
        return dict(zip(COLUMNS, values, strict=True))


def skew(
    rows: Annotated[
        int, typer.Option(help="Number of synthetic trips; 100,000,000 and more are possible.", min=1_000)
    ] = 5_000_000,
    hot_share: Annotated[
        float, typer.Option(help="Share of the trips that are in one zone.", min=0.0, max=1.0)
    ] = 0.4,
    ops: Annotated[str, typer.Option(help=f"Operations to run: {', '.join(OPERATIONS)}.")] = ",".join(
        OPERATIONS
    ),
    without: Annotated[
        str, typer.Option(help="Variants to leave out, for example repartitioned or aqe.")
    ] = "",
    partitions: Annotated[int, typer.Option(help="Partitions of each shuffle.", min=2)] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic trips.")] = 1,
) -> None:
    """Measure each variant of each operation, and draw the tasks before and after."""
    home = Path(os.environ.get("TAXI_HOME", ".taxi")) / "bench"
    (home / "events").mkdir(parents=True, exist_ok=True)
    left_out = {*names_in(without)}
    variants = [
        variant
        for variant in variants_of(names_in(ops))
        if not left_out & {variant.name, "aqe" if variant.adapts else ""}
    ]
    with session(home / "events", partitions) as spark:
        provide_tables(spark, home / f"skew-{rows}-{hot_share}-{seed}", rows, hot_share, seed)
        walls = run_all(spark, variants)
        log = home / "events" / spark.sparkContext.applicationId
    work = read_work(log)
    measured = [Measured(variant, walls[variant.label], work[variant.label]) for variant in variants]
    title = f"{rows:,} trips, {hot_share:.0%} of them in one zone, {partitions} partitions"
    print_table(measured, title)
    figures, chart = home / "skew.json", home / "skew.svg"
    figures.write_text(json.dumps([one.figures() for one in measured], indent=2))
    draw(tasks_before_and_after(measured), f"Task times: {title}", chart)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"chart: {chart}\nfigures: {figures}\nevent log, for Spark's history server: {log}")


def names_in(text: str) -> list[str]:
    """Split a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def variants_of(operations: Sequence[str]) -> list[Variant]:
    """Return all variants of these operations, plain first, each with and without AQE."""
    unknown = set(operations) - set(OPERATIONS)
    if unknown:
        sys.exit(
            f"error: there is no operation {', '.join(sorted(unknown))}; choose from {', '.join(OPERATIONS)}"
        )
    return [
        Variant(operation, name, adapts)
        for operation in operations
        for name in names_of(operation)
        for adapts in (False, True)
    ]


def names_of(operation: str) -> list[str]:
    """Return the names of an operation's variants."""
    names = (path.name.split(".")[1] for path in FOLDER.glob(f"{operation}.*.sql"))
    return sorted(names, key=lambda name: (name != "plain", name))


@contextmanager
def session(events: Path, partitions: int) -> Iterator[SparkSession]:
    """Open Spark with an event log that can be read line by line."""
    settings = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.resolve().as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(partitions),
        # Spark would broadcast a table of 8,000 rows: here the variants themselves are compared.
        "spark.sql.autoBroadcastJoinThreshold": "-1",
        # By default a partition counts as skewed from 256 MB on; the benchmark shows it on smaller ones too.
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "4MB",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "2MB",
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
    }
    builder = SparkSession.builder.appName("bench skew")
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def provide_tables(spark: SparkSession, folder: Path, rows: int, hot_share: float, seed: int) -> None:
    """Load the trips, generated once and cached, and the figures of the zones."""
    if not (folder / "_SUCCESS").exists():
        values = {"rows": rows, "hot_share": hot_share, "seed": seed, "files": 64}
        generated = spark.sql(Template((FOLDER / "trips.sql").read_text("utf-8")).substitute(values))
        generated.write.parquet(str(folder), mode="overwrite")
    spark.read.parquet(str(folder)).createOrReplaceTempView("trips")
    spark.sql((FOLDER / "zone_days.sql").read_text("utf-8")).createOrReplaceTempView("zone_days")


def run_all(spark: SparkSession, variants: Sequence[Variant]) -> Mapping[str, float]:
    """Return wall seconds by label; all variants of an operation must give equal results."""
    answer(spark, "select * from trips")  # warms up the JVM
    walls: dict[str, float] = {}
    answers: dict[str, tuple[Variant, Any]] = {}
    for variant in variants:
        spark.conf.set("spark.sql.adaptive.enabled", str(variant.adapts).lower())
        spark.sparkContext.setJobGroup(variant.label, variant.label)
        began = time.monotonic()
        found = answer(spark, variant.sql)
        walls[variant.label] = time.monotonic() - began
        first, expected = answers.setdefault(variant.operation, (variant, found))
        assert found == expected, f"{variant.label} found {found}, {first.label} {expected}"  # noqa: S101
    return walls


def answer(spark: SparkSession, sql: str) -> tuple[int, int]:
    """Return a query's row count, and a digest of all rows that does not depend on their order."""
    digests = spark.sql(sql).selectExpr("xxhash64(*) as digest")
    (row,) = digests.selectExpr("count(*) as rows", "bit_xor(digest) as digest").collect()
    return row["rows"], row["digest"]


def tasks_before_and_after(measured: Sequence[Measured]) -> dict[str, dict[str, list[float]]]:
    """Return task seconds of the longest stage, without AQE, of the operations that were fixed."""
    found = {one.variant.label: one.work for one in measured}
    return {
        operation: {
            variant: [
                task.seconds for task in found[Variant(operation, variant, adapts=False).label].longest_stage
            ]
            for variant in ("plain", REMEDIES[operation])
        }
        for operation in dict.fromkeys(one.variant.operation for one in measured)
        if REMEDIES[operation] != "plain"
    }


def print_table(measured: Sequence[Measured], title: str) -> None:
    """Print one line per variant."""
    table = Table(title=title)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in {"operation", "way", "AQE"} else "right")
    for one in measured:
        cells = one.figures().values()
        table.add_row(*(cell if isinstance(cell, str) else f"{cell:,.1f}" for cell in cells))
    Console(width=180).print(table)
