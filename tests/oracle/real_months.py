"""Where the tests find real TLC files; they are never committed."""

import os
from pathlib import Path

import pytest

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
