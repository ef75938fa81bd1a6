"""The identity of a trip must never change: these golden values are stored in every engine's tables."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.identity import IDENTITY_COLUMNS, TripIdentity
from tests.oracle.oracle import Oracle

pytestmark = pytest.mark.unit

RIDE = TripIdentity(
    taxi_type="green",
    pickup_at=datetime.fromisoformat("2020-03-01 00:20:18"),
    dropoff_at=datetime.fromisoformat("2020-03-01 00:45:29"),
    pickup_zone_id=41,
    dropoff_zone_id=13,
    trip_distance_hundredths=824,
    fare_amount_cents=2650,
    total_amount_cents=3819,
)
NOTHING_KNOWN = TripIdentity("yellow", None, None, None, None, None, None, None)


def test_the_text_of_a_ride_is_its_columns_and_ordinal() -> None:
    assert RIDE.text() == "green|2020-03-01 00:20:18|2020-03-01 00:45:29|41|13|824|2650|3819|0"


def test_nulls_are_empty_in_the_text() -> None:
    assert NOTHING_KNOWN.text() == "yellow||||||||0"


def test_the_id_of_a_ride_is_golden() -> None:
    assert RIDE.trip_id() == "60f5492b-c248-59b6-baad-3a5b7f0c7c40"


def test_the_id_of_a_ride_of_nulls_is_golden() -> None:
    assert NOTHING_KNOWN.trip_id() == "19c36316-8e12-5640-b0e6-fec591b24f32"


def test_the_ordinal_tells_equal_rides_apart() -> None:
    assert replace(RIDE, ordinal=1).trip_id() == "988f524e-c583-8245-aa83-ef2889ba29bb"


def test_a_refund_is_another_ride_than_its_twin() -> None:
    refund = replace(RIDE, fare_amount_cents=-2650, total_amount_cents=-3819)
    assert refund.text() == "green|2020-03-01 00:20:18|2020-03-01 00:45:29|41|13|824|-2650|-3819|0"
    assert refund.trip_id() != RIDE.trip_id()


def test_the_vendor_is_not_part_of_the_identity() -> None:
    assert not [column for column in IDENTITY_COLUMNS if "vendor" in column]


def test_the_oracle_computes_the_same_id(tmp_path: Path) -> None:
    row = {
        "lpep_pickup_datetime": RIDE.pickup_at,
        "lpep_dropoff_datetime": RIDE.dropoff_at,
        "PULocationID": 41,
        "DOLocationID": 13,
        "trip_distance": 8.24,
        "fare_amount": 26.5,
        "total_amount": 38.19,
    }
    pq.write_table(pa.Table.from_pylist([row, row]), tmp_path / "green.parquet")
    ids = Oracle([tmp_path / "green.parquet"], "green", "2020-03").valid_trips().project("trip_id::varchar")
    assert {trip_id for (trip_id,) in ids.fetchall()} == {RIDE.trip_id(), replace(RIDE, ordinal=1).trip_id()}
