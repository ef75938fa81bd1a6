"""Compute the windows with Polars."""

from pathlib import Path

import polars as pl

from bench.backfill_methods.stopwatch import Stopwatch

WINDOW_MINUTES = 15


def windows(source: Path, target: Path, stopwatch: Stopwatch) -> None:
    """Compute the windows with the same running sums."""
    stopwatch.start()
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
