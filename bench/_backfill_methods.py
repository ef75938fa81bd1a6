"""The ways to make the windows of a month of trips: each reads and writes Parquet, in its own process."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from schemas.tlc_month import TlcMonth

FOLDER = Path(__file__).parent / "backfill_sql"
WINDOW_MINUTES = 15
FILES = 8
"""Of windows, as Spark writes them."""


class Clock:
    """What this process and its children use from `start` on."""

    def start(self) -> None:
        """What came before does not count."""
        self._began, self._cpu_before = time.monotonic(), self._cpu_seconds()

    def read(self) -> dict[str, float]:
        """Wall and CPU seconds, and the most memory held at once, in bytes."""
        return {
            "wall": time.monotonic() - self._began,
            "cpu": self._cpu_seconds() - self._cpu_before,
            "bytes": sum(_peak_bytes(process) for process in _processes()),
        }

    def _cpu_seconds(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in _processes())


def panes(source: Path, target: Path, clock: Clock) -> None:
    """Spark, as batch_backfill/zone_fares."""
    from batch_backfill.layout import Stretches  # noqa: PLC0415 - each way has its own engine
    from batch_backfill.zone_fares.job import zone_fares  # noqa: PLC0415

    stretches = Stretches(TlcMonth("yellow", date(2024, 1, 1)), FILES)
    _spark(lambda trips: zone_fares(trips, stretches), source, target, clock)


def exploded(source: Path, target: Path, clock: Clock) -> None:
    """Spark, each trip put into fifteen windows."""
    sql = (FOLDER / "exploded.spark.sql").read_text("utf-8")

    def windows(trips: Any) -> Any:
        trips.createOrReplaceTempView("trips")
        return trips.sparkSession.sql(sql)

    _spark(windows, source, target, clock)


def _spark(windows: Callable[[Any], Any], source: Path, target: Path, clock: Clock) -> None:
    from batch_backfill.spark_session import open_session  # noqa: PLC0415

    trips = open_session("bench backfill").read.parquet(str(source))
    warm = target.with_name(f"{target.name}.warm")
    windows(trips.limit(100_000)).write.parquet(str(warm), mode="overwrite")  # the JVM's start does not count
    shutil.rmtree(warm)
    clock.start()
    windows(trips).write.parquet(str(target))


def with_duckdb(source: Path, target: Path, clock: Clock) -> None:
    """DuckDB, with as many threads as there are cores."""
    import duckdb  # noqa: PLC0415

    clock.start()
    with duckdb.connect() as database:
        database.sql(f"create view trips as from read_parquet('{source}/*.parquet')")
        target.mkdir(parents=True)
        sql = (FOLDER / "windows.duckdb.sql").read_text("utf-8")
        database.sql(f"copy ({sql}) to '{target}/windows.parquet' (format parquet, compression zstd)")


def with_polars(source: Path, target: Path, clock: Clock) -> None:
    """Polars, by the same running sums."""
    import polars as pl  # noqa: PLC0415

    clock.start()
    zone, minute = pl.col("pickup_zone_id"), pl.col("minute")
    by_minute = (
        pl.scan_parquet(source)
        .group_by(zone, minute=pl.col("dropoff_at").dt.timestamp("us") // 60_000_000)
        .agg(trips=pl.len().cast(pl.Int64), total_amount_cents=pl.col("total_amount_cents").sum())
    )
    enters = by_minute.with_columns(minute + 1)
    leaves = by_minute.with_columns(
        minute + 1 + WINDOW_MINUTES, -pl.col("trips"), -pl.col("total_amount_cents")
    )
    sums = (
        pl.concat([enters, leaves])
        .group_by(zone, minute)
        .agg(pl.col("trips", "total_amount_cents").sum())
        .sort(zone, minute)
        .with_columns(
            pl.col("trips", "total_amount_cents").cum_sum().over(zone),
            next_minute=minute.shift(-1).over(zone),
        )
        .filter(pl.col("trips") > 0)
    )
    ends = sums.with_columns(end=pl.int_ranges("minute", "next_minute")).explode("end")
    instant = (pl.col("end") * 60_000_000).cast(pl.Datetime("us"))
    target.mkdir(parents=True)
    ends.select(
        zone,
        window_start=instant - pl.duration(minutes=WINDOW_MINUTES),
        window_end=instant,
        trips=pl.col("trips"),
        total_amount_cents=pl.col("total_amount_cents"),
        avg_total_amount=(pl.col("total_amount_cents") / (pl.col("trips") * 100)).round(4),
    ).sink_parquet(target / "windows.parquet", compression="zstd")


METHODS: dict[str, Callable[[Path, Path, Clock], None]] = {
    "panes": panes,
    "exploded": exploded,
    "DuckDB": with_duckdb,
    "Polars": with_polars,
}


def _processes() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    # A child that has ended holds none.
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    method, read, written = sys.argv[1:]
    own_clock = Clock()
    METHODS[method](Path(read), Path(written), own_clock)
    print(json.dumps(own_clock.read()))  # noqa: T201 - read by bench/backfill.py
