"""Measure what a million trips need: Spark's CPU, bytes in Parquet, Kafka and Postgres, and the windows.

The figures that it prints are those of `control_plane/months/figures.toml`. It needs a stack of its own,
empty, because it publishes months and measures whole tables; therefore it requires `--yes`.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from string import Template
from typing import Annotated

import duckdb
import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table

from bench._platform import service, taxi
from control_plane.sink.table_sets import FIRST_SET
from stack.settings import home_folder

MONTH = "2024-01"
FULL = "yellow:3200000,fhvhv:19400000"
PARTS = ("kafka", "postgres", "spark", "windows")
MINUTES = 15
"""The windows that a minute with trips is in."""

COUNT_WINDOWS = Template("""
with minutes as (
    select distinct pulocationid as zone, epoch_us($dropoff) // 60000000 as minute
    from read_parquet('$file')
    where $dropoff >= timestamp '$month-01' and $dropoff < timestamp '$month-01' + interval 1 month
),
gaps as (select lead(minute) over (partition by zone order by minute) - minute as gap from minutes)
select coalesce(sum(least($minutes, coalesce(gap, $minutes))), 0)::bigint from gaps
""")
"""The windows of a raw month, without the rules: independent of Spark's count."""

TABLE_SIZES = Template("""
select
    (select count(*) from $set.all_trips) as trips,
    (
        select sum(pg_total_relation_size(inhrelid))::bigint
        from pg_inherits where inhparent = '$set.all_trips'::regclass
    ) as trip_bytes,
    (select count(*) from $set.published_fares_15m) as windows,
    pg_total_relation_size('$set.published_fares_15m') as window_bytes
""").substitute(set=FIRST_SET)


@dataclass(frozen=True)
class SparkFigures:
    """One month through Spark."""

    taxi_type: str
    rows: int
    windows: int
    cpu_seconds: float
    wall_seconds: float
    raw_bytes: int
    processed_bytes: int


def footprint(
    taxi_types: Annotated[str, typer.Option(help="Taxi types, separated by commas.")] = "yellow,fhvhv",
    rows: Annotated[str, typer.Option(help="Months of these numbers of trips.")] = "400000,1200000",
    full: Annotated[str, typer.Option(help="Whole months, of which only the windows are counted.")] = FULL,
    parts: Annotated[str, typer.Option(help=f"What to measure: {', '.join(PARTS)}.")] = ",".join(PARTS),
    yes: Annotated[bool, typer.Option("--yes", help="Allow it to publish made-up months.")] = False,
) -> None:
    """Measure what a million trips need in Spark, Kafka and Postgres, for the sizing of a year.

    Each part is measured on synthetic months of two sizes, and a line is fitted.
    """
    if not yes:
        raise typer.BadParameter("the benchmark publishes made-up months: add --yes to allow it")
    months = [(taxi_type, int(size)) for taxi_type in taxi_types.split(",") for size in rows.split(",")]
    if "kafka" in parts:
        for month in months:
            print_kafka(*month)
    if "postgres" in parts:
        for month in months:
            print_postgres(*month)
    if "spark" in parts:
        show("Spark, by spark-submit on this machine", [spark_figures(*month) for month in months])
    if "windows" in parts:
        print_windows(full)


def print_windows(full: str) -> None:
    """Count the windows of whole months."""
    for one in full.split(","):
        taxi_type, _, size = one.partition(":")
        windows = windows_of(generated(taxi_type, int(size)))
        say(f"{taxi_type}: {int(size):,} trips are in {windows:,} windows")


def say(text: str) -> None:
    """Print a line of the result."""
    Console(soft_wrap=True, highlight=False).print(text)


def folder(name: str) -> Path:
    """Return a folder of the benchmark's."""
    return home_folder(os.environ) / "bench" / "footprint" / name


def generated(taxi_type: str, rows: int) -> Path:
    """Generate a month once."""
    file = folder(f"raw-{rows}") / f"{taxi_type}_tripdata_{MONTH}.parquet"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        options = ("--taxi-type", taxi_type, "--month", MONTH, "--rows", str(rows), "--seed", "1")
        taxi("generate", *options, "--to", str(file))
    return file


def windows_of(file: Path) -> int:
    """Count the windows of a raw month with DuckDB."""
    (column,) = [name for name in duckdb.read_parquet(str(file)).columns if "dropoff_datetime" in name]
    query = COUNT_WINDOWS.substitute(dropoff=column, file=file, month=MONTH, minutes=MINUTES)
    return int(duckdb.connect().execute(query).fetchall()[0][0])


def spark_figures(taxi_type: str, rows: int) -> SparkFigures:
    """Process a month with Spark as a child of this process, whose CPU seconds are all of it."""
    raw, processed = generated(taxi_type, rows).parent, folder(f"processed-{taxi_type}-{rows}")
    shutil.rmtree(processed, ignore_errors=True)
    before, began = child_cpu(), time.monotonic()
    month = ("--taxi-type", taxi_type, "--month", MONTH, "--raw", str(raw), "--processed", str(processed))
    printed = taxi("spark", "batch_backfill/__main__.py", "process", *month, "--json")
    wall, cpu = time.monotonic() - began, child_cpu() - before
    (one,) = json.loads(printed[printed.index("{") :])["months"]
    found = SparkFigures(taxi_type, rows, one["windows"], cpu, wall, one["bytes_read"], one["bytes_written"])
    counted = windows_of(generated(taxi_type, rows))
    if abs(counted - found.windows) > 0.02 * found.windows:
        sys.exit(f"error: Spark wrote {found.windows} windows, DuckDB counts {counted} in the raw month")
    say(f"{found}, {counted} windows by DuckDB")
    return found


def child_cpu() -> float:
    """Return the CPU seconds of the children that have ended, and of theirs."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(title: str, runs: Sequence[SparkFigures]) -> None:
    """Print the runs, and the line through the smallest and the largest of each taxi type."""
    columns = ("month", "trips", "windows", "CPU s", "wall s", "raw MB", "processed MB")
    table = Table(*columns, title=title)
    for one in runs:
        measures = (f"{one.cpu_seconds:.1f}", f"{one.wall_seconds:.1f}")
        sizes = (f"{one.raw_bytes / 1e6:.1f}", f"{one.processed_bytes / 1e6:.1f}")
        table.add_row(one.taxi_type, f"{one.rows:,}", f"{one.windows:,}", *measures, *sizes)
    Console(width=100).print(table)
    for taxi_type in dict.fromkeys(one.taxi_type for one in runs):
        few, *_, many = [one for one in runs if one.taxi_type == taxi_type]
        million = (many.rows - few.rows) / 1e6
        slope = (many.cpu_seconds - few.cpu_seconds) / million
        known = np.array([[one.rows, one.windows] for one in (few, many)])
        trip, window = np.linalg.solve(known, [few.processed_bytes, many.processed_bytes])
        say(
            f"{taxi_type}: start {few.cpu_seconds - slope * few.rows / 1e6:.1f} CPU s,"
            f" {slope:.1f} a million trips; processed, {trip:.1f} bytes a trip and {window:.1f} a window"
        )


def print_kafka(taxi_type: str, rows: int) -> None:
    """Publish the month to a topic of its own, and measure its segments."""
    topic = f"bench-footprint-{taxi_type}-{time.time_ns()}"
    taxi("replay", str(generated(taxi_type, rows)), "--topic", topic, "--speedup", "max")
    segments = list((home_folder(os.environ) / "kafka").rglob(f"{topic}-*/*.log"))
    size = sum(segment.stat().st_size for segment in segments)
    say(f"Kafka: {size / rows:.1f} bytes a {taxi_type} trip in {len(segments)} segments, one replica, lz4")


def print_postgres(taxi_type: str, rows: int) -> None:
    """Publish the month, and measure the growth of the tables and the CPU of Postgres."""
    os.environ["RAW_DATA"] = str(generated(taxi_type, rows).parent)
    os.environ["PROCESSED_DATA"] = str(folder(f"published-{taxi_type}-{rows}"))
    month = ("--taxi-type", taxi_type, "--month", MONTH)
    before = table_sizes()
    with postgres_cpu() as used:
        began = time.monotonic()
        taxi("backfill", *month, "--yes", "--force")
        wall = time.monotonic() - began
    after = table_sizes()
    trips, windows = (after[name] - before[name] for name in ("trips", "windows"))
    say(
        f"Postgres: {(after['trip_bytes'] - before['trip_bytes']) / trips:.0f} bytes a {taxi_type} trip"
        f" ({trips:,}), {(after['window_bytes'] - before['window_bytes']) / windows:.0f} a window"
        f" ({windows:,}), {used[0]:.0f} CPU s of Postgres; the backfill with Spark took {wall:.0f} s"
    )


def table_sizes() -> dict[str, int]:
    """Return rows, and bytes with indexes, of the trips and of the published windows."""
    names, values = (line.split(",") for line in taxi("sql", "--csv", TABLE_SIZES).splitlines()[:2])
    return dict(zip(names, map(int, values), strict=True))


@contextmanager
def postgres_cpu() -> Iterator[list[float]]:
    """Measure the CPU seconds of the server and of its sessions, ended ones too."""
    server, used = service("postgres"), [0.0]
    before = server_cpu(server)
    yield used
    used[0] = server_cpu(server) - before


def server_cpu(server: psutil.Process) -> float:
    """Return the CPU time of a server whose sessions are its children."""
    family = [server, *server.children(recursive=True)]
    return sum(sum(one.cpu_times()) for one in family)
