"""Trips that come when their minute has closed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.flink_jobs.platform import Platform
from tests.flink_jobs.records import IDENTITY, framed, publish, schema_id
from tests.oracle.real_months import shared_file

pytestmark = pytest.mark.integration

CLOCK = datetime(2019, 6, 2, 12, tzinfo=UTC)
"""Behind the last trip of the sample; New York time, carried as if it were UTC."""


def millis(clock: datetime) -> int:
    return int(clock.timestamp() * 1000)


def test_a_late_trip_is_booked_once_and_its_copy_is_a_duplicate(platform: Platform) -> None:
    #  the sample's drop-offs             publisher's clock
    #  06-01 00:00 ── 00:30 ── …          06-02 12:00
    #            the late trip's drop-off
    sample = shared_file("samples/yellow_tripdata_2019-06.head.csv")
    assert platform.replay(sample, "--speedup", "max").returncode == 0
    counted = sum(entry.windowed for entry in platform.balanced_ledger().entries)
    dropoff = datetime(2019, 6, 1, 0, 30, tzinfo=UTC)
    late = framed(
        schema_id(platform),
        source_month=date(2019, 6, 1),
        pickup_at=millis(dropoff - timedelta(minutes=10)),
        dropoff_at=millis(dropoff),
        pickup_zone_id=74,
        total_amount_cents=1234,
    )
    publish(platform, [late, late], timestamp_ms=millis(CLOCK))
    entries = {entry.taxi_type: entry for entry in platform.balanced_ledger().entries}
    assert (entries["green"].late, entries["green"].duplicates, entries["green"].windowed) == (1, 1, 0)
    assert entries["yellow"].windowed == counted
    lateness = timedelta(hours=35, minutes=30)
    assert platform.query("select trip_id::text, lateness from taxi.late_trips") == [(IDENTITY, lateness)]
