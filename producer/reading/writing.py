"""Writes files wholly or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

ROWS_IN_A_GROUP = 65_536


def write_parquet(rows: duckdb.DuckDBPyRelation, target: Path) -> None:
    """These rows, in their order."""
    with unfinished(target) as file:
        rows.to_parquet(str(file), compression="zstd", row_group_size=ROWS_IN_A_GROUP)


def write_csv(rows: duckdb.DuckDBPyRelation, target: Path) -> None:
    """These rows, in their order, under a header."""
    with unfinished(target) as file:
        rows.to_csv(str(file), header=True)


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A file beside the target that replaces it when all went well, and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
