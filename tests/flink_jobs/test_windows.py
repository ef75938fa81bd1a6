"""The windows of the job on a handful of literal trips, by Flink itself in batch mode: no services."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pyflink.common import Row
from pyflink.table import DataTypes, EnvironmentSettings, TableEnvironment

from flink_jobs.zone_fares.job import JOB
from flink_jobs.zone_fares.settings import ZoneFaresSettings

pytestmark = pytest.mark.unit

SETTINGS = ZoneFaresSettings(
    kafka_bootstrap_servers="unused:1",
    schema_registry_url="http://unused",
    postgres_dsn="postgresql://unused/unused",
    flink_rest_url="http://unused:1",
)
CLASSIFIED = DataTypes.ROW(
    [
        DataTypes.FIELD("event_time", DataTypes.TIMESTAMP(3)),
        DataTypes.FIELD("taxi_type", DataTypes.STRING()),
        DataTypes.FIELD("pickup_zone_id", DataTypes.INT()),
        DataTypes.FIELD("trip_id", DataTypes.STRING()),
        DataTypes.FIELD("total_amount_cents", DataTypes.BIGINT()),
        DataTypes.FIELD("disposition", DataTypes.STRING()),
    ]
)


@pytest.fixture(scope="module")
def tables() -> TableEnvironment:
    """One table environment for all cases: the first query of one costs seconds."""
    return TableEnvironment.create(EnvironmentSettings.in_batch_mode())


def trip(clock: str, cents: int, *, trip_id: str = "", zone: int = 74, disposition: str = "on_time") -> Row:
    dropoff = datetime.fromisoformat(f"2024-01-01 {clock}")
    return Row(dropoff, "green", zone, trip_id or f"{clock}-{cents}", cents, disposition)


def query(tables: TableEnvironment, trips: list[Row], text: str) -> list[tuple[Any, ...]]:
    tables.create_temporary_view("classified", tables.from_elements(trips, CLASSIFIED))
    for statement in JOB.statements("windows.sql", SETTINGS):
        tables.execute_sql(statement)
    try:
        with tables.execute_sql(text).collect() as rows:
            return sorted(tuple(row) for row in rows)
    finally:
        for view in ("zone_fares", "counted_once", "classified"):
            tables.execute_sql(f"drop temporary view {view}")


def fares(tables: TableEnvironment, trips: list[Row]) -> list[tuple[Any, ...]]:
    wanted = "date_format(window_end, 'HH:mm'), trips, total_amount_cents, avg_total_amount"
    return query(tables, trips, f"select {wanted} from zone_fares")


def test_a_trip_is_in_the_fifteen_windows_that_end_after_its_minute(tables: TableEnvironment) -> None:
    # drop-off     10:04:30
    #                 |
    # windows   [09:50      10:05)          the first that holds it ends with its minute
    #                 [10:04      10:19)    the last that holds it starts with its minute
    ends = [row[0] for row in fares(tables, [trip("10:04:30", 1000)])]
    assert ends == [f"10:{minute:02}" for minute in range(5, 20)]


def test_a_dropoff_on_the_minute_belongs_to_the_minute_that_begins(tables: TableEnvironment) -> None:
    # 10:04:00 is outside [09:49, 10:04), because a window's end is not in it.
    ends = [row[0] for row in fares(tables, [trip("10:04:00", 1000)])]
    assert (ends[0], ends[-1]) == ("10:05", "10:19")


def test_trips_in_one_window_are_averaged_in_dollars(tables: TableEnvironment) -> None:
    # 10:04  $10.00    10:10  $5.01    10:10  $5.00
    # [09:56, 10:11) holds all three: $20.01 / 3 = $6.67
    rows = {
        row[0]: row[1:]
        for row in fares(tables, [trip("10:04:30", 1000), trip("10:10:10", 501), trip("10:10:20", 500)])
    }
    assert rows["10:11"] == (3, 2001, Decimal("6.6700"))


def test_an_average_is_rounded_once_to_a_hundredth_of_a_cent(tables: TableEnvironment) -> None:
    # $0.01 / 3 trips... 100 + 100 + 101 cents = $3.01 / 3 = $1.003333...
    trips = [trip("10:04:01", 100), trip("10:04:02", 100), trip("10:04:03", 101)]
    assert fares(tables, trips)[0] == ("10:05", 3, 301, Decimal("1.0033"))


def test_a_copy_in_the_same_minute_is_counted_once_and_noted(tables: TableEnvironment) -> None:
    copies = [trip("10:04:30", 1000, trip_id="a"), trip("10:04:30", 1000, trip_id="a"), trip("10:04:40", 500)]
    assert query(tables, copies, "select trip_id, copies from counted_once") == [
        ("10:04:40-500", 1),
        ("a", 2),
    ]
    assert fares(tables, copies)[0][1:3] == (2, 1500)


def test_only_trips_that_are_on_time_enter_a_window(tables: TableEnvironment) -> None:
    trips = [
        trip("10:04:30", 1000),
        trip("10:04:31", 900, disposition="after_close"),
        trip("10:04:32", -5, disposition="quarantined"),
    ]
    assert fares(tables, trips)[0][1:3] == (1, 1000)
