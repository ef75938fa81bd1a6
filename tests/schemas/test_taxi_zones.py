"""The zone table that the project carries."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from schemas.zones import OUTSIDE_ZONE_ID, UNKNOWN_ZONE_ID
from tests.oracle.real_months import REPOSITORY, shared_file

pytestmark = pytest.mark.unit

SEED = REPOSITORY / "dbt" / "seeds" / "taxi_zones.csv"
COLUMNS = ["zone_id", "zone_name", "borough", "service_zone"]


def rows_of(file: Path) -> list[dict[str, str]]:
    """Rows as text: "N/A" stays a value."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_zones_are_those_of_the_tlc_lookup() -> None:
    lookup = rows_of(shared_file("zones/taxi_zone_lookup.csv"))
    expected = [
        dict(zip(COLUMNS, (row["LocationID"], row["Zone"], row["Borough"], row["service_zone"]), strict=True))
        for row in lookup
    ]
    assert rows_of(SEED) == expected


def test_the_zone_ids_are_1_to_265_in_order() -> None:
    zones = rows_of(SEED)
    assert list(zones[0]) == COLUMNS
    assert [int(zone["zone_id"]) for zone in zones] == list(range(1, 266))


def test_points_without_a_zone_have_the_numbers_of_the_table() -> None:
    zones = {int(zone["zone_id"]): zone for zone in rows_of(SEED)}
    assert zones[UNKNOWN_ZONE_ID]["borough"] == "Unknown"
    assert zones[OUTSIDE_ZONE_ID]["zone_name"] == "Outside of NYC"


def test_no_value_is_empty_or_padded() -> None:
    values = [value for zone in rows_of(SEED) for value in zone.values()]
    assert all(value and value == value.strip() for value in values)


def test_each_borough_has_its_number_of_zones() -> None:
    assert Counter(zone["borough"] for zone in rows_of(SEED)) == {
        "Queens": 69,
        "Manhattan": 69,
        "Brooklyn": 61,
        "Bronx": 43,
        "Staten Island": 20,
        "EWR": 1,
        "Unknown": 1,
        "N/A": 1,
    }


def test_each_service_zone_has_its_number_of_zones() -> None:
    counts = Counter(zone["service_zone"] for zone in rows_of(SEED))
    assert counts == {"Boro Zone": 205, "Yellow Zone": 55, "Airports": 2, "N/A": 2, "EWR": 1}


def test_only_corona_and_the_islands_share_a_name() -> None:
    names = Counter(zone["zone_name"] for zone in rows_of(SEED))
    assert {name: count for name, count in names.items() if count > 1} == {
        "Corona": 2,
        "Governor's Island/Ellis Island/Liberty Island": 3,
    }
