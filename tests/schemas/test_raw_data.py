"""Where a month's files are looked for in the raw data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from schemas.raw_data import files_of_month, month_folder
from schemas.tlc_month import parse_month

pytestmark = pytest.mark.unit

MONTH = parse_month("green", "2024-01")
OWN = "taxi_type=green/year=2024/month=01"
SHARED = [
    "green_tripdata_2024-01.parquet",
    "green_tripdata_2024-01.csv.gz",
    "green_tripdata_2024-01.parquet.part",
    ".green_tripdata_2024-01.parquet",
    "green_tripdata_2024-02.parquet",
    "yellow_tripdata_2024-01.parquet",
]


@dataclass(frozen=True)
class Listed:
    name: str


def found(folders: Mapping[str, Sequence[str]]) -> list[str]:
    files = files_of_month(MONTH, lambda folder: [Listed(name) for name in folders.get(folder, ())])
    return [file.name for file in files]


def test_a_month_has_a_folder_of_its_own() -> None:
    assert month_folder(MONTH) == OWN


def test_files_of_the_own_folder_go_before_those_among_all_others() -> None:
    assert found({OWN: ["part-1.parquet", "part-2.csv", "notes.txt"], "": SHARED}) == [
        "part-1.parquet",
        "part-2.csv",
    ]


@pytest.mark.parametrize("own", [(), ("_SUCCESS", ".part-1.parquet")])
def test_among_all_others_only_whole_files_of_the_months_name_are_taken(own: Sequence[str]) -> None:
    assert found({OWN: own, "": SHARED}) == SHARED[:2]


def test_a_month_that_is_nowhere_has_no_files() -> None:
    assert found({}) == []
