"""What the demo shows live, and what it may remove to start over."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from control_plane.sink import table_sets
from schemas.tlc_month import TlcMonth
from taxi_cli.commands.demo import continued_by, is_of_evening
from taxi_cli.demonstration.evening import LiveEvening
from tests.lone_postgres import lone_postgres

DECEMBER = TlcMonth("green", date(2023, 12, 1))
MONTHS = st.builds(date, st.integers(2014, 2040), st.integers(1, 12), st.just(1))


@pytest.mark.unit
def test_half_an_hour_of_a_friday_evening_is_shown_in_a_minute() -> None:
    evening = LiveEvening.after(DECEMBER, 1)
    assert str(evening) == "Friday 2024-01-05, 18:00 to 18:30"
    assert evening.seconds == 60


@pytest.mark.unit
@given(MONTHS)
def test_the_evening_is_a_friday_of_the_next_month_that_no_trip_of_the_month_before_reaches(
    first_day: date,
) -> None:
    month = TlcMonth("green", first_day)
    evening = LiveEvening.after(month, 1)
    assert evening.month.first_day == month.next_first_day
    assert f"{evening.live_from:%A}" == "Friday"
    midnight = datetime.combine(month.next_first_day, datetime.min.time())
    assert timedelta(days=3) <= evening.noon - midnight < timedelta(days=11)


@pytest.mark.unit
@given(st.floats(0.01, 12))
def test_the_live_part_ends_at_a_quarter_of_an_hour_whose_windows_count_every_trip(minutes: float) -> None:
    evening = LiveEvening.after(DECEMBER, minutes)
    assert evening.live_until.minute % 15 == 0
    assert 0 <= evening.seconds - minutes * 60 < 30 or evening.live_until == evening.midnight


@pytest.mark.unit
def test_the_parts_of_the_day_follow_one_another() -> None:
    evening = LiveEvening.after(DECEMBER, 1)
    parts = (evening.afternoon_options, evening.live_options, evening.rest_options)
    starts, ends = zip(*((part[1], part[3]) for part in parts), strict=True)
    assert ends == (*starts[1:], "2024-01-06T00:00:00")
    assert LiveEvening.after(DECEMBER, 12).rest_options == ()


@pytest.mark.unit
def test_ctrl_c_leaves_the_stack_running_and_prints_how_to_continue(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = "./taxi replay '/months [new]/green_tripdata_2024-01.parquet' --speedup 30"
    with pytest.raises(typer.Exit) as ended, continued_by(command, "continues the evening"):
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130
    printed = capsys.readouterr().err
    assert "the stack keeps running" in printed
    assert f"{command}   continues the evening" in printed


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tables of the platform, empty."""
    with lone_postgres(tmp_path_factory.mktemp("demo")) as dsn:
        table_sets.set_up(dsn)
        yield dsn


def store_trip(dsn: str, file: str, dropoff_at: str, number: int) -> None:
    trip = """
        insert into taxi_1.all_trips (
            trip_id, taxi_type, source_file, source_month, pickup_at, dropoff_at, pickup_zone_id,
            total_amount_cents, on_time
        )
        values (%s, 'green', %s, '2024-01-01', %s::timestamp - interval '9 minutes', %s, 74, 1000, true)
    """
    with psycopg.connect(dsn) as connection:
        connection.execute(trip.encode(), (UUID(int=number), file, dropoff_at, dropoff_at))


@pytest.mark.integration
def test_the_evening_of_an_earlier_demo_is_replaced_but_no_month_that_was_replayed(tables: str) -> None:
    evening = LiveEvening.after(DECEMBER, 1)
    whole, shown = "green_tripdata_2024-01.parquet", "green_tripdata_2024-01.synthetic.parquet"
    store_trip(tables, shown, "2024-01-05 12:00:00", 1)
    store_trip(tables, shown, "2024-01-05 23:59:59", 2)
    store_trip(tables, whole, "2024-01-05 18:10:00", 3)
    assert is_of_evening(tables, shown, evening)
    assert is_of_evening(tables, whole, evening)
    store_trip(tables, whole, "2024-01-06 00:00:00", 4)
    assert not is_of_evening(tables, whole, evening)
    assert not is_of_evening(tables, "green_tripdata_2024-02.parquet", evening)
