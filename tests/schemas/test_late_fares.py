"""Late trips in Postgres itself: the same sums whatever is written first, or again, or at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.ddl import Ddl
from control_plane.sink.table_sets import FIRST_SET
from schemas.errors import UserError
from stack import database
from stack.endpoints import Endpoints

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[tuple[Any, ...]]
Write = Callable[[Connection], None]

DROPOFF_AT = "2024-01-10 11:00:30"
LATE_COLUMNS = (
    "topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, source_file, source_month, pickup_at,"
    " dropoff_at, pickup_zone_id, total_amount_cents"
)
WITHOUT_PUBLICATIONS = """
drop view taxi.on_time_fares_15m cascade;
drop table taxi.on_time_windows cascade;
create table taxi.on_time_fares_15m (
    taxi_type text not null, pickup_zone_id integer not null, window_start timestamp not null,
    window_end timestamp not null, trips bigint not null, total_amount_cents bigint not null,
    avg_total_amount numeric(12, 4) not null, primary key (taxi_type, pickup_zone_id, window_end)
);
insert into taxi.on_time_fares_15m
values ('green', 75, '2024-01-10 11:00', '2024-01-10 11:15', 2, 900, 4.5);
create view taxi.zone_fares_15m as select * from taxi.on_time_fares_15m;
drop table taxi.publications, taxi.published_quarantined_trips, taxi.replaced_trips, taxi.published_fares_15m,
taxi.on_time_as_read
cascade;
drop function taxi.keep_published_fares, taxi.withdraw_unpublished_trips, taxi.keep_published_values cascade;
drop function taxi.explain_window, taxi.explain_trip;
drop view taxi.trips;
alter table taxi.all_trips rename to trips;
alter table taxi.trips drop column withdrawn_by, drop column published_by;
"""
STATE = (
    "select array(select (trip_id, on_time)::text from taxi.trips order by 1),"
    " array(select (window_end, trips, total_amount_cents)::text from taxi_internal.late_fares_15m"
    "  order by 1),"
    " array(select (trip_id, windows_corrected)::text from taxi.late_trips order by 1)"
)


def on_time(trip: int, dropoff_at: str = DROPOFF_AT) -> Write:
    """What the job writes for a trip that came on time."""

    def write(connection: Connection) -> None:
        connection.execute(
            "insert into taxi.trips (trip_id, taxi_type, source_file, source_month, pickup_at, dropoff_at,"
            " pickup_zone_id, total_amount_cents, on_time)"
            " values (%s, 'green', 'f', '2024-01-01', '2024-01-10 10:50', %s, 74, 100, true)"
            " on conflict (trip_id, dropoff_at) do update set on_time = excluded.on_time",
            [UUID(int=trip), dropoff_at],
        )

    return write


def late(trip: int, offset: int, zone: int = 74, dropoff_at: str = DROPOFF_AT) -> Write:
    """What the job writes for a trip that came late."""
    return late_together((trip, offset), zone=zone, dropoff_at=dropoff_at)


def late_together(*arrivals: tuple[int, int], zone: int = 74, dropoff_at: str = DROPOFF_AT) -> Write:
    """What the job writes for trips that came late in one batch, by their number and offset."""
    fixed = "'green', 'f', '2024-01-01', '2024-01-10 10:50'"
    values = f"('trips', 0, %s, '2024-01-10 13:00', %s, {fixed}, %s, %s, 100)"

    def write(connection: Connection) -> None:
        connection.execute(
            (
                f"insert into taxi_internal.late_arrivals ({LATE_COLUMNS})"
                f" values {', '.join([values] * len(arrivals))}"
                " on conflict (topic, partition, kafka_offset) do update set arrived_at = excluded.arrived_at"
            ).encode(),
            [value for trip, offset in arrivals for value in (offset, UUID(int=trip), dropoff_at, zone)],
        )

    return write


@pytest.fixture
def empty(stack: Endpoints) -> Iterator[Connection]:
    """Empty tables, in a transaction that is never committed."""
    tables.empty(stack.postgres_dsn, FIRST_SET)
    with psycopg.connect(stack.postgres_dsn) as connection:
        yield connection
        connection.rollback()


def state_after(connection: Connection, writes: tuple[Write, ...]) -> tuple[Any, ...]:
    """The tables after these writes, which are undone."""
    with connection.transaction(force_rollback=True):
        for write in writes:
            write(connection)
        (state,) = connection.execute(STATE).fetchall()
        return state


def test_the_sums_do_not_depend_on_what_is_written_first_or_twice(empty: Connection) -> None:
    # 1 came on time and late, 2 came late twice: late is 2, in 15 windows
    writes = (on_time(1), late(1, offset=10), late(2, offset=20), late(2, offset=21))
    states = {str(state_after(empty, order)) for order in permutations(writes)}
    states |= {str(state_after(empty, (*order, *order))) for order in (writes, writes[::-1])}
    assert len(states) == 1
    trips, windows, late_trips = state_after(empty, writes)
    assert [trip[-3:] for trip in trips] == [",t)", ",f)"]
    assert [window.split(",", 1)[1] for window in windows] == ["1,100)"] * 15
    assert [trip.split(",")[1] for trip in late_trips] == ["15)"]


def test_copies_of_a_late_trip_in_one_batch_are_one_late_trip(empty: Connection) -> None:
    one_by_one = state_after(empty, (late(2, offset=20), late(2, offset=21), late(3, offset=30)))
    assert state_after(empty, (late_together((2, 20), (2, 21), (3, 30)),)) == one_by_one
    assert (
        state_after(empty, (late_together((2, 21), (3, 30)), late_together((2, 20), (3, 31)))) == one_by_one
    )


@pytest.mark.parametrize("clock", ["11:00:00", "11:00:00.001", "11:00:30", "11:00:59.999"])
def test_an_on_time_copy_takes_a_late_trip_out_of_all_its_windows_and_of_no_others(
    empty: Connection, clock: str
) -> None:
    # The trips of the minutes and quarters beside it are in some of its windows, or in the next ones.
    clocks = ("10:45:00", "10:59:59.999", "11:00:00", "11:00:59.999", "11:01:00", "11:15:00")
    others = tuple(
        late(3 + number, offset=30 + number, dropoff_at=f"2024-01-10 {other}")
        for number, other in enumerate(clocks)
    )
    dropoff_at = f"2024-01-10 {clock}"
    taken_over = (late(2, offset=20, dropoff_at=dropoff_at), *others, on_time(2, dropoff_at))
    assert state_after(empty, taken_over)[1] == state_after(empty, others)[1]
    alone = (late(2, offset=20, dropoff_at=dropoff_at), on_time(2, dropoff_at))
    assert state_after(empty, alone)[1] == []


def test_a_late_trip_that_is_removed_is_in_no_window_any_more(empty: Connection) -> None:
    def remove(connection: Connection) -> None:
        connection.execute("delete from taxi.trips where trip_id = %s", [UUID(int=2)])

    left = state_after(empty, (late(2, offset=20), late(3, offset=30), remove))
    assert left[:2] == state_after(empty, (late(3, offset=30),))[:2]


def test_the_newest_window_of_a_zone_may_be_a_late_trips_but_is_never_an_open_one(empty: Connection) -> None:
    # zone 74   on time, newest window ends 11:10: so far all windows are closed
    # zone 75   on time, newest window ends 11:05, and a late trip of 11:00:30, in the windows to 11:15
    empty.execute(
        "insert into taxi_internal.on_time_windows values"
        " ('green', 74, '2024-01-10 11:10', 2, 1000), ('green', 75, '2024-01-10 11:05', 1, 300)"
    )
    late(1, offset=10, zone=75)(empty)
    newest = empty.execute(
        "select pickup_zone_id, to_char(window_start, 'HH24:MI'), to_char(window_end, 'HH24:MI'), trips,"
        " avg_total_amount::text from taxi.zone_fares_now order by 1"
    )
    assert newest.fetchall() == [(74, "10:55", "11:10", 2, "5.0000"), (75, "10:55", "11:10", 1, "1.0000")]


def on_time_windows(empty: Connection, *windows: tuple[int, str, int, int]) -> None:
    """Write windows of zones that end at these clocks, with trips and cents, as the job does."""
    for zone, end, trips, cents in windows:
        empty.execute(
            "insert into taxi_internal.on_time_windows values ('green', %s, %s, %s, %s)",
            [zone, f"2024-01-10 {end}", trips, cents],
        )


def zones_now(empty: Connection) -> list[tuple[Any, ...]]:
    """Read the zones that are shown as new, with their clocks."""
    return empty.execute(
        "select pickup_zone_id, to_char(window_end, 'HH24:MI'), to_char(as_of, 'HH24:MI'), age::text"
        " from taxi.zone_fares_now order by 1"
    ).fetchall()


def test_now_leaves_out_a_zone_whose_newest_window_is_older_than_the_setting(empty: Connection) -> None:
    # the clock     12:10, of zone 74; an hour before it is 11:10
    # zone 75       11:10, just fresh; zone 76   11:09, too old; zone 77   11:08, and 11:30 of a late trip
    on_time_windows(
        empty, (74, "12:10", 2, 1000), (75, "11:10", 1, 300), (76, "11:09", 1, 300), (77, "11:08", 1, 300)
    )
    late(1, offset=10, zone=77, dropoff_at="2024-01-10 11:15:30")(empty)
    fresh = [
        (74, "12:10", "12:10", "00:00:00"),
        (75, "11:10", "12:10", "01:00:00"),
        (77, "11:30", "12:10", "00:40:00"),
    ]
    assert zones_now(empty) == fresh
    empty.execute("update taxi.settings set fresh_for = '61 minutes'")
    assert zones_now(empty) == [*fresh[:2], (76, "11:09", "12:10", "01:01:00"), fresh[2]]
    empty.execute("update taxi.settings set fresh_for = '0'")
    assert zones_now(empty) == fresh[:1]


def test_setting_up_again_keeps_what_an_operator_has_set(stack: Endpoints, empty: Connection) -> None:
    try:
        database.query(stack.postgres_dsn, "update taxi.settings set fresh_for = '2 hours'")
        tables.set_up(stack.postgres_dsn)
        assert empty.execute("select fresh_for::text from taxi.settings").fetchall() == [("02:00:00",)]
    finally:
        database.query(stack.postgres_dsn, "update taxi.settings set fresh_for = default")


def test_quarter_hours_count_each_trip_once(empty: Connection) -> None:
    late_together((1, 10), (2, 11), dropoff_at="2024-01-10 11:00:00")(empty)
    late_together((3, 12), dropoff_at="2024-01-10 11:14:59.999")(empty)
    late_together((4, 13), dropoff_at="2024-01-10 11:15:00")(empty)
    quarters = "select to_char(window_end, 'HH24:MI'), trips from taxi.zone_fares_quarter_hours order by 1"
    assert empty.execute(quarters).fetchall() == [("11:15", 3), ("11:30", 1)]
    assert empty.execute("select sum(trips) from taxi.zone_fares_15m").fetchall() == [(4 * 15,)]


def test_the_ledger_does_not_balance_while_the_on_time_copy_of_a_late_trip_is_held_back(
    empty: Connection,
) -> None:
    # Read in time and again late: the window and the late arrival are stored, but not the trip.
    empty.execute(
        "insert into taxi_internal.received_records values"
        " ('green', '2024-01-10 11:00', 'on_time', 1), ('green', '2024-01-10 11:00', 'after_close', 1)"
    )
    empty.execute(
        "insert into taxi_internal.on_time_windows values ('green', 74, '2024-01-10 11:15', 1, 100)"
    )
    late(1, offset=10)(empty)
    ledger = "select late, duplicates, imbalance from taxi.trip_ledger"
    assert empty.execute(ledger).fetchall() == [(1, 0, -1)]
    on_time(1)(empty)
    assert empty.execute(ledger).fetchall() == [(0, 1, 0)]


def test_a_trip_that_was_read_and_that_no_window_holds_is_missed_in_its_hour(empty: Connection) -> None:
    empty.execute("insert into taxi_internal.on_time_as_read values ('green', '2024-01-10 11:00', 1)")
    on_time(1)(empty)
    ledger = "select event_hour::text, received, windowed, imbalance from taxi.trip_ledger"
    assert empty.execute(ledger).fetchall() == [("2024-01-10 11:00:00", 1, 0, 1)]


def test_what_was_counted_as_it_was_read_and_in_its_window_was_received_once(empty: Connection) -> None:
    # 11:00 both, 11:15 before the upgrade: by windows alone, 11:30 across it: two trips, one of them after it
    empty.execute(
        "insert into taxi_internal.on_time_as_read values"
        " ('green', '2024-01-10 11:00', 3), ('green', '2024-01-10 11:30', 1)"
    )
    empty.execute(
        "insert into taxi_internal.received_records values ('green', '2024-01-10 11:00', 'on_time', 3),"
        " ('green', '2024-01-10 11:15', 'on_time', 4), ('green', '2024-01-10 11:30', 'on_time', 2)"
    )
    assert empty.execute("select received from taxi.trip_ledger").fetchall() == [(9,)]


def test_a_trip_that_one_run_calls_on_time_and_the_next_one_late_is_missed_in_its_hour(
    empty: Connection,
) -> None:
    # The later windows hold another trip of that quarter; the ledger must not call this one counted.
    for write in (on_time(1), on_time(2), late(2, offset=20)):
        write(empty)
    empty.execute("insert into taxi_internal.on_time_as_read values ('green', '2024-01-10 11:00', 1)")
    empty.execute(
        "insert into taxi_internal.received_records values ('green', '2024-01-10 11:00', 'after_close', 1)"
    )
    empty.execute(
        "insert into taxi_internal.on_time_windows values ('green', 74, '2024-01-10 11:15', 1, 100)"
    )
    ledger = "select received, windowed, duplicates, imbalance from taxi.trip_ledger"
    assert empty.execute(ledger).fetchall() == [(2, 1, 1, 1)]


def test_writers_that_meet_in_the_same_windows_wait_for_one_another(stack: Endpoints) -> None:
    def write(first_offset: int, zones: tuple[int, int]) -> None:
        with psycopg.connect(stack.postgres_dsn) as connection:
            for row in range(first_offset, first_offset + 50):
                with connection.transaction():
                    for position, zone in enumerate(zones):
                        late(trip=10 * row + position, offset=10 * row + position, zone=zone)(connection)

    tables.empty(stack.postgres_dsn, FIRST_SET)
    with ThreadPoolExecutor() as writers:
        done = [writers.submit(write, 100, (74, 75)), writers.submit(write, 200, (75, 74))]
    assert [writer.exception() for writer in done] == [None, None]
    sums = "select distinct pickup_zone_id, trips from taxi_internal.late_fares_15m order by 1"
    assert database.query(stack.postgres_dsn, sums).rows == [(74, 100), (75, 100)]
    tables.empty(stack.postgres_dsn, FIRST_SET)


def test_the_tables_of_an_earlier_version_are_brought_up_to_date(stack: Endpoints) -> None:
    with earlier_database(stack) as dsn:
        for _ in range(2):
            tables.set_up(dsn)
        with psycopg.connect(dsn) as connection:
            late(3, offset=30)(connection)
        assert tables.served(dsn) == FIRST_SET
        windows = "select distinct trips from taxi.zone_fares_15m"
        assert database.query(dsn, windows).rows == [(2,)]
        kept = (
            "select window_start::text, avg_total_amount from taxi.zone_fares_15m where pickup_zone_id = 75"
        )
        assert database.query(dsn, kept).rows == [("2024-01-10 11:00:00", Decimal("4.5000"))]
        lines = database.query(dsn, "select on_time from taxi.trips order by trip_id").rows
        assert lines == [(True,), (False,), (False,)]


def test_readers_are_switched_to_another_set_and_back(stack: Endpoints) -> None:
    tables.empty(stack.postgres_dsn, FIRST_SET)
    tables.set_up(stack.postgres_dsn, "taxi_2")
    try:
        with psycopg.connect(stack.postgres_dsn) as connection:
            late(1, offset=10)(connection)
        counts = "select (select count(*) from taxi.trips), (select count(*) from taxi.zone_fares_15m)"
        seen = [database.query(stack.postgres_dsn, counts).rows]
        for table_set in ("taxi_2", FIRST_SET):
            tables.serve(stack.postgres_dsn, table_set)
            seen.append(database.query(stack.postgres_dsn, counts).rows)
        assert seen == [[(1, 15)], [(0, 0)], [(1, 15)]]
        with pytest.raises(UserError, match=r"taxi_1 is the table set that taxi\.\* shows"):
            tables.drop(stack.postgres_dsn, FIRST_SET)
    finally:
        tables.drop(stack.postgres_dsn, "taxi_2")
        tables.empty(stack.postgres_dsn, FIRST_SET)


@contextmanager
def earlier_database(stack: Endpoints) -> Iterator[str]:
    """A database as the version before table sets made it: the tables lie in the schema that people read."""
    name = "earlier"
    dsn = stack.postgres_dsn.removesuffix("/taxi") + f"/{name}"
    with psycopg.connect(stack.postgres_dsn, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")  # what a killed session left
        connection.execute(f"create database {name}")
        try:
            with psycopg.connect(dsn) as earlier:
                for file in ("01_zones.sql", "03_runs.sql", "04_settings.sql"):
                    earlier.execute((tables.DDL_FOLDER / "shared" / file).read_bytes())
                tables.make_set(Ddl(earlier), "taxi")
                earlier.execute("create schema taxi_internal")
                earlier.execute("create view taxi_internal.late_arrivals as select * from taxi.late_arrivals")
                on_time(1)(earlier)
                late(2, offset=20)(earlier)
                earlier.execute("drop schema taxi_internal cascade")
                earlier.execute(WITHOUT_PUBLICATIONS)
            yield dsn
        finally:
            connection.execute(f"drop database {name} with (force)")
