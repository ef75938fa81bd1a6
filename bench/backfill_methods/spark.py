"""Compute the windows with Spark."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from batch_backfill.layout import Stretches
from batch_backfill.spark_session import open_session
from batch_backfill.zone_fares.job import zone_fares
from bench.backfill_methods.methods import SQL_FOLDER
from bench.backfill_methods.stopwatch import Stopwatch
from schemas.tlc_month import TlcMonth

FILES = 8
"""The number of window files that Spark writes."""


def panes(source: Path, target: Path, stopwatch: Stopwatch) -> None:
    """Compute the windows from panes, as in batch_backfill/zone_fares."""
    stretches = Stretches(TlcMonth("yellow", date(2024, 1, 1)), FILES)
    _spark(lambda trips: zone_fares(trips, stretches), source, target, stopwatch)


def exploded(source: Path, target: Path, stopwatch: Stopwatch) -> None:
    """Compute the windows by copying each trip into fifteen windows."""
    sql = (SQL_FOLDER / "exploded.spark.sql").read_text("utf-8")

    def windows(trips: Any) -> Any:
        trips.createOrReplaceTempView("trips")
        return trips.sparkSession.sql(sql)

    _spark(windows, source, target, stopwatch)


def _spark(windows: Callable[[Any], Any], source: Path, target: Path, stopwatch: Stopwatch) -> None:
    trips = open_session("bench backfill").read.parquet(str(source))
    warm = target.with_name(f"{target.name}.warm")
    windows(trips.limit(100_000)).write.parquet(str(warm), mode="overwrite")  # the JVM's start does not count
    shutil.rmtree(warm)
    stopwatch.start()
    windows(trips).write.parquet(str(target))
