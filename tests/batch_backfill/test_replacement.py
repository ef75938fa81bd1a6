"""A run that is killed leaves either the old month or the new one, and the next run goes on from there."""

import json
from datetime import date
from pathlib import Path

import pytest

from schemas.processed import TABLES, TRIPS
from tests.batch_backfill.backfill import BatchBackfill, kill
from tests.producer.months import dropoff, green_parquet
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

MONTH = ("green", "2024-01")
COMMITTED = ("green", "2023-11")
WITHOUT_ZONES = (
    "pickup_datetime,dropoff_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,dropoff_latitude,"
    "trip_distance,fare_amount,total_amount\n"
    "2010-01-05 10:00:00,2010-01-05 10:10:00,-73.98,40.75,-73.97,40.76,1.5,8,9.3\n"
)


def old_month(backfill: BatchBackfill, folder: Path, taxi_type: str, month: str) -> None:
    """What an earlier run wrote."""
    for table in TABLES:
        place = folder / table.folder(taxi_type, date.fromisoformat(f"{month}-01"))
        place.mkdir(parents=True)
        (place / "old.parquet").write_bytes(f"old {table.name}".encode())


@pytest.mark.long("Spark is killed in each step of a replacement")
def test_a_month_is_replaced_wholly_or_not_at_all(tmp_path: Path) -> None:
    backfill = BatchBackfill.below(tmp_path)
    green_parquet(backfill.raw, dropoff("2024-01-10 12:00:00"), name="green_tripdata_2024-01.parquet")
    old_month(backfill, backfill.processed, *MONTH)
    before = [backfill.files(table, *MONTH) for table in TABLES]

    program = backfill.start(MONTH)
    aside = backfill.processed / "_staging" / "green-2024-01"
    wait_for(
        lambda: any((aside / "trips").rglob("*.parquet")), stalled_seconds=300, what="trips written aside"
    )
    kill(program)
    assert not (aside / "_READY").exists()
    assert [backfill.files(table, *MONTH) for table in TABLES] == before

    # Another run was killed after its commit: the trips are in place, of the others nothing yet.
    committed = backfill.processed / "_staging" / "-".join(COMMITTED)
    old_month(backfill, committed, *COMMITTED)
    places = [table.folder(COMMITTED[0], date(2023, 11, 1)) for table in TABLES]
    (committed / "_READY").write_text(json.dumps({place: ["old.parquet"] for place in places}))
    (backfill.processed / places[0]).parent.mkdir(parents=True)
    (committed / places[0]).rename(backfill.processed / places[0])

    (backfill.raw / "yellow_tripdata_2010-01.csv").write_text(WITHOUT_ZONES)
    summary, refused = backfill.process(MONTH, ("yellow", "2010-01"))
    assert (summary["state"], summary["accepted"]) == ("processed", 1)
    assert "the zone shapes are missing" in refused["error"]
    assert backfill.rows(TRIPS, *MONTH).shape[0] == 1
    assert "old.parquet" not in backfill.files(TRIPS, *MONTH)
    for table in TABLES:
        assert backfill.files(table, *COMMITTED) == {"old.parquet": f"old {table.name}".encode()}
    assert list((backfill.processed / "_staging").iterdir()) == []
