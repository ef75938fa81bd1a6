"""Trips may come live, out of order or late on purpose; what happened stays what it was."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from producer.instants import instant_of
from producer.reading.arrival import Arrival, LatenessMode
from producer.reading.prepared import Prepared, span_of
from schemas.errors import UserError
from schemas.identity import IDENTITY_COLUMNS, TripIdentity
from tests.oracle.real_months import real_month
from tests.producer.months import dropoff, green_parquet, prepared, preparer_in, rows

pytestmark = pytest.mark.unit

MONTH = "green_tripdata_2023-12.parquet"
NOW = datetime(2026, 11, 24, 23, 15)  # noqa: DTZ001 - New York wall-clock time


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def delays(source: Prepared) -> dict[str, int]:
    """By how many seconds each valid trip comes after its drop-off."""
    columns = "trip_id, cast(epoch(replay_at) - epoch(dropoff_at) as bigint), is_valid"
    return {trip_id: seconds for trip_id, seconds, is_valid in rows(source, columns) if is_valid}


def test_disorder_up_to_a_minute_makes_no_trip_late(cache: Path) -> None:
    source = prepared(real_month(MONTH), cache)
    arriving = Arrival(disorder_seconds=60, seed=7).applied(source, preparer_in(cache))
    assert set(delays(arriving).values()) == set(range(61))
    assert span_of(arriving.path).late_trips == 0


def test_with_more_disorder_some_trips_are_late_and_are_counted(cache: Path) -> None:
    source = prepared(real_month(MONTH), cache)
    arriving = Arrival(disorder_seconds=180, seed=7).applied(source, preparer_in(cache))
    #  minute of the drop-off: 10:07:00 … 10:07:59 │ closes when the clock shows 10:09:00
    closed = "replay_at >= date_trunc('minute', dropoff_at) + interval 2 minute"
    late = rows(arriving, f"count(*) filter (where is_valid and {closed})")
    assert span_of(arriving.path).late_trips == late[0][0] > 0


def test_exactly_the_trips_that_were_stored_and_forwarded_come_late(cache: Path) -> None:
    source = prepared(real_month(MONTH), cache)
    flagged = {
        trip_id
        for trip_id, flag, is_valid in rows(source, "trip_id, store_and_fwd_flag, is_valid")
        if flag == "Y" and is_valid
    }
    arriving = Arrival(lateness=LatenessMode.STORE_AND_FORWARD, seed=7).applied(source, preparer_in(cache))
    late = {trip_id: seconds for trip_id, seconds in delays(arriving).items() if seconds}
    assert set(late) == flagged
    assert all(120 <= seconds <= 1800 for seconds in late.values())
    assert span_of(arriving.path).late_trips == len(flagged)


def test_trips_come_in_the_order_of_arrival_and_all_of_them(cache: Path) -> None:
    source = prepared(real_month(MONTH), cache)
    arriving = Arrival(disorder_seconds=600, lateness=LatenessMode.STORE_AND_FORWARD).applied(
        source, preparer_in(cache)
    )
    arrivals = [clock for (clock,) in rows(arriving, "replay_at")]
    assert arrivals == sorted(arrivals)
    assert sorted(rows(arriving, "* exclude replay_at"), key=str) == sorted(
        rows(source, "* exclude replay_at"), key=str
    )


def test_a_seed_decides_who_is_delayed(cache: Path, tmp_path: Path) -> None:
    source = prepared(real_month(MONTH), cache)
    first, again, other = (
        rows(
            Arrival(disorder_seconds=60, seed=seed).applied(source, preparer_in(folder)), "trip_id, replay_at"
        )
        for seed, folder in ((1, cache), (1, tmp_path), (2, cache))
    )
    assert first == again
    assert first != other


def test_shifted_to_the_present_rides_keep_weekday_time_and_validity(cache: Path) -> None:
    source = prepared(real_month(MONTH), cache)
    arrival = Arrival().to_present(span_of(source.path), NOW)
    shifted = arrival.applied(source, preparer_in(cache))
    span, before = span_of(shifted.path), span_of(source.path)
    weeks = timedelta(weeks=arrival.weeks_later)
    assert (span.trips, span.valid_trips) == (before.trips, before.valid_trips)
    assert span.first_ms is not None
    assert span.first_ms <= instant_of(NOW) < span.first_ms + timedelta(weeks=1) / timedelta(milliseconds=1)
    later = [
        (pickup + weeks, dropoff_at + weeks) for pickup, dropoff_at in rows(source, "pickup_at, dropoff_at")
    ]
    assert sorted(rows(shifted, "pickup_at, dropoff_at")) == sorted(later)


def test_a_shifted_ride_is_identified_by_when_it_now_happens(cache: Path) -> None:
    shifted = Arrival(weeks_later=100).applied(prepared(real_month(MONTH), cache), preparer_in(cache))
    columns = [column for column in IDENTITY_COLUMNS if column != "trip_distance_hundredths"]
    columns.insert(5, "cast(round(trip_distance * 100) as bigint)")
    for trip_id, *values in rows(shifted, f"trip_id, {', '.join(columns)}")[::500]:
        assert trip_id == TripIdentity(*values).trip_id()


def test_equal_rides_stay_distinct_when_they_are_shifted(tmp_path: Path) -> None:
    source = prepared(green_parquet(tmp_path, {}, {"VendorID": 1}, {}), tmp_path)
    shifted = Arrival(weeks_later=3).applied(source, preparer_in(tmp_path))
    assert len({trip_id for (trip_id,) in rows(shifted, "trip_id")}) == 3


def test_a_ride_outside_its_month_stays_outside_when_it_is_shifted(tmp_path: Path) -> None:
    # two days before its month; three weeks later that would be inside the month of the others
    source = prepared(
        green_parquet(tmp_path, dropoff("2020-02-27 10:00:00"), dropoff("2020-03-01 10:00:00")), tmp_path
    )
    shifted = Arrival(weeks_later=3).applied(source, preparer_in(tmp_path))
    assert span_of(shifted.path).valid_trips == span_of(source.path).valid_trips == 1


@pytest.mark.parametrize("wrong", [{"disorder_seconds": -1}, {"disorder_seconds": 90_000}, {"seed": -1}])
def test_a_delay_that_is_none_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="; give 0"):
        Arrival(**wrong)  # type: ignore[arg-type]
