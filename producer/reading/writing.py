"""Write files atomically."""

from pathlib import Path

import duckdb

from schemas.atomic_file import atomic_path

ROWS_IN_A_GROUP = 65_536


def write_parquet(rows: duckdb.DuckDBPyRelation, target: Path) -> None:
    """Write these rows as Parquet, in order."""
    with atomic_path(target) as file:
        rows.to_parquet(str(file), compression="zstd", row_group_size=ROWS_IN_A_GROUP)


def write_csv(rows: duckdb.DuckDBPyRelation, target: Path) -> None:
    """Write these rows as CSV, in order, under a header."""
    with atomic_path(target) as file:
        rows.to_csv(str(file), header=True)
