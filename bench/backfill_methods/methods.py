"""List the methods to compute a month's windows: each reads and writes Parquet with its own engine."""

from collections.abc import Mapping
from pathlib import Path

SQL_FOLDER = Path(__file__).parents[1] / "backfill_sql"

METHODS: Mapping[str, str] = {
    "panes": "bench.backfill_methods.spark:panes",
    "exploded": "bench.backfill_methods.spark:exploded",
    "DuckDB": "bench.backfill_methods.with_duckdb:windows",
    "Polars": "bench.backfill_methods.with_polars:windows",
}
"""Each is imported in a process that measures it alone."""
