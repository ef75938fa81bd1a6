"""The size of months before they are here: files, rows, bytes, Spark's vCPU-hours, minutes, dollars.

The figures and their sources are in `figures.toml`; docs/how-to/size-a-year.md shows a year.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from schemas.rules import LAST_ZONE_ID

FIGURES = Path(__file__).with_name("figures.toml")
MOST_WINDOWS = LAST_ZONE_ID * 31 * 24 * 60
"""A month has no more: one per zone and minute."""


@dataclass(frozen=True)
class Figure:
    """A number with its unit, and how it was found."""

    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Source:
    """Where figures come from, when, and how to get them again."""

    date: str
    text: str
    again: str


@cache
def figures() -> dict[str, Figure]:
    """Return every figure by its name, such as `yellow.kafka_bytes`."""
    groups = tomllib.loads(FIGURES.read_text("utf-8"))["figures"]
    return {
        f"{group}.{name}": Figure(f"{group}.{name}", row["value"], row["unit"], row["source"])
        for group, rows in groups.items()
        for name, row in rows.items()
    }


@cache
def sources() -> dict[str, Source]:
    """Return every source by its name."""
    rows = tomllib.loads(FIGURES.read_text("utf-8"))["sources"]
    return {name: Source(**row) for name, row in rows.items()}


def value(name: str) -> float:
    """Return the number of a figure."""
    return figures()[name].value


LIST_PRICES = (value("prices.vcpu_hour"), value("prices.gb_hour"))
"""Dollars of a vCPU-hour and of a GB-hour."""


@cache
def window_points(taxi_type: str) -> tuple[tuple[int, int], ...]:
    """Return the measured points: trips of a month, and the windows that they are in."""
    rows = tomllib.loads(FIGURES.read_text("utf-8"))["windows"][taxi_type]["points"]
    return ((0, 0), *((trips, windows) for trips, windows in rows))


@dataclass(frozen=True)
class Size:
    """What months take. Sums of it are sizes too."""

    files: int = 0
    trips: int = 0
    windows: int = 0
    raw_bytes: float = 0
    processed_bytes: float = 0
    spark_cpu_seconds: float = 0
    """Without the start of a run."""
    kafka_bytes: float = 0
    """On one replica."""
    postgres_bytes: float = 0
    """Trips and windows, with their indexes."""
    publication_seconds: float = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))


def total(sizes: Iterable[Size]) -> Size:
    """Return the sum of sizes."""
    return sum(sizes, Size())


def size_of_month(taxi_type: str, trips: int | None = None, raw_bytes: float | None = None) -> Size:
    """Size one file of a month; without its trips and bytes, an average one of the taxi type."""
    rows = round(value(f"{taxi_type}.month_trips")) if trips is None else trips
    windows = windows_of(taxi_type, rows)

    def of(what: str, unit_count: int) -> float:
        return value(f"{taxi_type}.{what}") * unit_count

    return Size(
        files=1,
        trips=rows,
        windows=windows,
        raw_bytes=of("raw_bytes", rows) if raw_bytes is None else raw_bytes,
        processed_bytes=of("processed_trip_bytes", rows) + of("processed_window_bytes", windows),
        spark_cpu_seconds=of("spark_cpu_seconds", rows) / 1e6,
        kafka_bytes=of("kafka_bytes", rows),
        postgres_bytes=of("postgres_trip_bytes", rows) + value("postgres.window_bytes") * windows,
        publication_seconds=value("postgres.publication_cpu_seconds") * (rows + windows) / 1e6,
    )


def windows_of(taxi_type: str, trips: int) -> int:
    """Interpolate between the measured months; beyond the last, continue as before it, up to every minute."""
    points = window_points(taxi_type)
    (few, below), (many, above) = next(
        (pair for pair in pairwise(points) if trips <= pair[1][0]), (points[-2], points[-1])
    )
    windows = below + (above - below) * (trips - few) / (many - few)
    return min(round(windows), MOST_WINDOWS)


@dataclass(frozen=True)
class SparkRuns:
    """What Spark needs for months: vCPU-hours as EMR Serverless bills them, and memory with them."""

    vcpu_hours: float
    gb_hours: float

    @classmethod
    def of(cls, size: Size, runs: int = 1) -> "SparkRuns":
        """Size one or several runs over months; none costs nothing."""
        cpu_seconds = size.spark_cpu_seconds + runs * value("spark.start_cpu_seconds") * bool(size.files)
        hours = cpu_seconds / value("spark.utilisation") / 3600
        return cls(hours, hours * value("spark.gb_per_vcpu"))

    @property
    def dollars(self) -> float:
        """The list price; other regions have others."""
        per_vcpu_hour, per_gb_hour = LIST_PRICES
        return self.vcpu_hours * per_vcpu_hour + self.gb_hours * per_gb_hour

    def minutes(self, vcpus: int) -> float:
        """Return how long this many vCPUs take, with the start of the workers."""
        return value("spark.start_minutes") * bool(self.vcpu_hours) + self.vcpu_hours * 60 / vcpus
