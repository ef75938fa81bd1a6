"""Compute the windows with DuckDB."""

from pathlib import Path

import duckdb

from bench.backfill_methods.methods import SQL_FOLDER
from bench.backfill_methods.stopwatch import Stopwatch


def windows(source: Path, target: Path, stopwatch: Stopwatch) -> None:
    """Compute the windows with as many threads as there are cores."""
    stopwatch.start()
    with duckdb.connect() as database:
        database.sql(f"create view trips as from read_parquet('{source}/*.parquet')")
        target.mkdir(parents=True)
        sql = (SQL_FOLDER / "windows.duckdb.sql").read_text("utf-8")
        database.sql(f"copy ({sql}) to '{target}/windows.parquet' (format parquet, compression zstd)")
