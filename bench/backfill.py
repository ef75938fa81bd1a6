"""Measure the windows of a synthetic month: by panes, as the backfill does, naively, by DuckDB and by Polars.

All methods read the same trips, sorted by drop-off as in `processed-data`, and write Parquet. Their windows
must be equal. Each method runs in a process of its own. The start of Spark's JVM does not count.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from bench.backfill_methods.methods import METHODS, SQL_FOLDER

FILES = 16
COLUMNS = ("trips", "windows", "method", "wall s", "CPU s", "trips/s", "peak GB")
ROUNDING = 0.00005
"""The tolerance of averages with four decimals; DuckDB's and Polars' are computed from doubles."""


def backfill(
    rows: Annotated[str, typer.Option(help="Numbers of synthetic trips, separated by commas.")] = "5000000",
    ways: Annotated[str, typer.Option(help=f"Methods to run: {', '.join(METHODS)}.")] = ",".join(METHODS),
    runs: Annotated[int, typer.Option(help="Runs per method; the fastest counts.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic trips.")] = 1,
) -> None:
    """Measure each method on months of these sizes."""
    chosen = [method.strip() for method in ways.split(",")]
    if unknown := set(chosen) - set(METHODS):
        sys.exit(f"error: there is no method {', '.join(sorted(unknown))}; choose from {', '.join(METHODS)}")
    home = Path(os.environ.get("TAXI_HOME", ".taxi")).resolve() / "bench"
    table = Table(*COLUMNS)
    for size in map(int, rows.split(",")):
        trips = provided(home / f"backfill-{size}-{seed}", size, seed)
        answers = set()
        for method in chosen:
            best = min((measured(method, trips) for _ in range(runs)), key=lambda one: float(one["wall"]))
            answers.add((best["windows"], best["digest"]))
            line = cells(size, method, best)
            Console(stderr=True, soft_wrap=True).print(dict(zip(COLUMNS, line, strict=True)))
            table.add_row(*line)
        assert len(answers) == 1, f"the windows differ: {answers}"  # noqa: S101
    Console(width=120).print(table)


def provided(folder: Path, rows: int, seed: int) -> Path:
    """Generate the trips once, and cache them."""
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    sql = Template((SQL_FOLDER / "made_trips.sql").read_text("utf-8"))
    for part in range(FILES):
        first, last = rows * part // FILES, rows * (part + 1) // FILES
        generated = sql.substitute(rows=rows, first=first, last=last, seed=seed)
        duckdb.execute(
            f"copy ({generated}) to '{unfinished}/{part:02}.parquet' (format parquet, compression zstd)"
        )
    return unfinished.rename(folder)


def measured(method: str, trips: Path) -> Mapping[str, Any]:
    """Return the figures of one run and a digest of its windows."""
    target = trips.with_name(f"{trips.name}.{method}")
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, "-m", "bench.backfill_methods", method, str(trips), str(target)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {method} failed")
    found = digest(target)
    shutil.rmtree(target)
    return {**json.loads(done.stdout.splitlines()[-1]), **found}


def digest(folder: Path) -> Mapping[str, Any]:
    """Return what DuckDB reads of the windows that a method has written."""
    sql = Template((SQL_FOLDER / "digest.sql").read_text("utf-8")).substitute(folder=folder)
    windows, found, error = duckdb.execute(sql).fetchall()[0]
    assert float(error) <= 2 * ROUNDING, f"an average is off by {error}"  # noqa: S101
    return {"windows": windows, "digest": found}


def cells(size: int, method: str, one: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a row of the table."""
    measures = (
        f"{one['wall']:.1f}",
        f"{one['cpu']:.1f}",
        f"{size / one['wall']:,.0f}",
        f"{one['bytes'] / 1e9:.1f}",
    )
    return (f"{size:,}", f"{one['windows']:,}", method, *measures)
