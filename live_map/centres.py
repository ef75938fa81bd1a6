"""The centres of the zones, for when their shapes are unavailable; the project ships this data."""

import csv
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("centres.csv")


@dataclass(frozen=True)
class Centre:
    """A point well inside of a zone, in degrees: the centre of the largest circle in its largest part."""

    zone_id: int
    longitude: float
    latitude: float


def read_centres() -> tuple[Centre, ...]:
    """Return the centres of the 263 zones that have a place, in ascending order of their numbers."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Centre(int(row["zone_id"]), float(row["longitude"]), float(row["latitude"]))
            for row in csv.DictReader(lines)
        )
