"""The size of months: linear in their trips but for the windows, which a zone and minute has once."""

import pytest

from control_plane.months.sizing import (
    MOST_WINDOWS,
    Size,
    SparkRuns,
    size_of_month,
    total,
    window_points,
    windows_of,
)
from schemas.tlc_month import TAXI_TYPES

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("taxi_type", TAXI_TYPES)
def test_a_month_of_every_taxi_type_has_a_size_before_it_is_fetched(taxi_type: str) -> None:
    size = size_of_month(taxi_type)
    assert size.files == 1
    assert min(size.trips, size.windows, size.raw_bytes, size.processed_bytes) > 0
    assert min(size.kafka_bytes, size.postgres_bytes, size.spark_cpu_seconds, size.publication_seconds) > 0


def test_what_is_known_of_a_month_replaces_the_average() -> None:
    size = size_of_month("green", trips=64_215, raw_bytes=1_522_951)
    assert (size.trips, size.raw_bytes) == (64_215, 1_522_951)
    assert size.windows == pytest.approx(499_260, rel=0.01)  # green 2023-12, by the oracle


@pytest.mark.parametrize("taxi_type", TAXI_TYPES)
def test_windows_go_through_the_measured_months_up_to_one_a_zone_and_minute(
    taxi_type: str,
) -> None:
    points = window_points(taxi_type)
    assert [windows_of(taxi_type, trips) for trips, _ in points] == [windows for _, windows in points]
    assert windows_of(taxi_type, 10**9) == MOST_WINDOWS
    counts = [windows_of(taxi_type, trips) for trips in range(0, 30_000_000, 500_000)]
    assert counts == sorted(counts)


def test_a_year_is_the_sum_of_its_months() -> None:
    month = size_of_month("fhvhv")
    together = total([month] * 12)
    assert (together.trips, together.files) == (12 * month.trips, 12)
    assert together.raw_bytes == pytest.approx(12 * month.raw_bytes)


def test_spark_costs_nothing_without_months_and_starts_once_a_run() -> None:
    nothing = SparkRuns.of(Size())
    assert (nothing.vcpu_hours, nothing.dollars, nothing.minutes(16)) == (0, 0, 0)
    month = size_of_month("yellow")
    start = 2 * SparkRuns.of(month).vcpu_hours - SparkRuns.of(month + month).vcpu_hours
    assert 0 < start < SparkRuns.of(month).vcpu_hours
    assert SparkRuns.of(month + month, runs=2).vcpu_hours == pytest.approx(2 * SparkRuns.of(month).vcpu_hours)
