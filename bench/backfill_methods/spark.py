"""Compute the windows with Spark."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from batch_backfill.layout import Stretches, write_files
from batch_backfill.spark_session import open_session
from batch_backfill.storage import Storage
from batch_backfill.zone_fares.job import zone_fares
from bench.backfill_methods.methods import SQL_FOLDER
from bench.backfill_methods.stopwatch import Stopwatch
from schemas.tlc_month import TlcMonth

FILES = 8
"""The number of window files that Spark writes."""


def panes(source: Path, target: Path, stopwatch: Stopwatch) -> None:
    """Compute the windows from panes, as in batch_backfill/zone_fares."""
    stretches = Stretches(TlcMonth("yellow", date(2024, 1, 1)), FILES)

    def write(trips: Any, folder: Path) -> None:
        write_files(Storage(trips.sparkSession), zone_fares(trips, stretches), str(folder))

    _spark(write, source, target, stopwatch)


def exploded(source: Path, target: Path, stopwatch: Stopwatch) -> None:
    """Compute the windows by copying each trip into fifteen windows."""
    sql = (SQL_FOLDER / "exploded.spark.sql").read_text("utf-8")

    def write(trips: Any, folder: Path) -> None:
        trips.createOrReplaceTempView("trips")
        trips.sparkSession.sql(sql).write.parquet(str(folder), mode="overwrite")

    _spark(write, source, target, stopwatch)


def _spark(write: Callable[[Any, Path], None], source: Path, target: Path, stopwatch: Stopwatch) -> None:
    trips = open_session("bench backfill").read.parquet(str(source))
    warm = target.with_name(f"{target.name}.warm")
    write(trips.limit(100_000), warm)  # the JVM's start does not count
    shutil.rmtree(warm)
    stopwatch.start()
    write(trips, target)
