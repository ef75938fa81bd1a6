"""Where the tests find real TLC files; they are never committed."""

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

FIRST_DAYS = TemporaryDirectory(prefix="taxi-first-days-")
REPOSITORY = Path(__file__).parents[2]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


def shared_file(path: str) -> Path:
    """A file of ../shared/data; its absence skips the test."""
    file = SHARED_DATA / path
    if not file.exists():
        pytest.skip(f"needs the real TLC file {file}, which is not on this machine")
    return file


def real_month(name: str) -> Path:
    """A whole TLC month from TLC_DATA_DIR or ../shared/data/months; its absence skips the test."""
    folder = os.environ.get("TLC_DATA_DIR")
    if folder and (Path(folder) / name).exists():
        return Path(folder) / name
    return shared_file(f"months/{name}")


def part_of(month: Path, condition: str, folder: Path) -> Path:
    """The rows of a month that meet a condition, under the same name. Of equal rides all or none do."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / month.name
    if month.suffix == ".parquet":
        duckdb.sql(f"copy (from '{month}' where {condition}) to '{part}' (format parquet)")
    else:
        rows = f"from read_csv('{month}', all_varchar = true) where {condition}"
        duckdb.sql(f"copy ({rows}) to '{part}' (format csv, header, compression gzip)")
    return part


FEW_DAYS = 2
"""They hold what a month does: each rule, late trips, equal rides. A whole month goes through once."""


@cache
def first_days(name: str) -> Path:
    """Of a real green month what ends in its first days, and what has wild dates."""
    month = name.partition(".")[0][-7:]
    first_left_out = f"date '{month}-01' + {FEW_DAYS}"
    later = f"lpep_dropoff_datetime::date between {first_left_out} and date '{month}-09' + 60"
    return part_of(real_month(name), f"({later}) is not true", Path(FIRST_DAYS.name))
