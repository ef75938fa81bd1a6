"""Published months in Postgres itself: one end, whatever comes first, or again, or at the same time."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.table_sets import FIRST_SET
from stack.endpoints import Endpoints

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[tuple[Any, ...]]
Write = Callable[[Connection], None]

SHADOW = "taxi_reprocess_test"
MONTH = date(2024, 1, 1)
DROPOFF_AT = "2024-01-10 11:00:30"
SHOWN = (
    "select array(select (trip_id, vendor_id, on_time)::text from taxi.trips order by 1),"
    " array(select (pickup_zone_id, window_end, trips, total_amount_cents)::text"
    "  from taxi.zone_fares_15m order by 1),"
    " array(select (trip_id, rules)::text from taxi.quarantined_trips order by 1),"
    " array(select (late, duplicates, imbalance)::text from taxi.trip_ledger order by 1)"
)
KEPT = (
    "select array(select (window_end, trips, total_amount_cents)::text from taxi_internal.published_fares_15m"
    "  order by 1),"
    " array(select (window_end, trips, total_amount_cents)::text from taxi_internal.late_fares_15m"
    "  order by 1),"
    " array(select (trip_id, on_time, withdrawn_by is null)::text from taxi_internal.all_trips order by 1)"
)


def on_time(trip: int, *, vendor: int = 1, zone: int = 74, table_set: str = FIRST_SET) -> Write:
    """What the job writes for a trip that came on time; trip 3 costs 300 cents."""

    def write(connection: Connection) -> None:
        connection.execute(
            f"insert into {table_set}.all_trips (trip_id, taxi_type, source_file, source_month, pickup_at,"
            " dropoff_at, pickup_zone_id, vendor_id, total_amount_cents, on_time)"
            " values (%s, 'green', 'f', %s, '2024-01-10 10:50', %s, %s, %s, %s, true)"
            " on conflict (trip_id, dropoff_at) do update"
            " set vendor_id = excluded.vendor_id, on_time = excluded.on_time",
            [UUID(int=trip), MONTH, DROPOFF_AT, zone, vendor, 100 * trip],
        )

    return write


def late(trip: int, *, vendor: int = 1) -> Write:
    """What the job writes for a trip that came late."""

    def write(connection: Connection) -> None:
        connection.execute(
            "insert into taxi_internal.late_arrivals (topic, partition, kafka_offset, arrived_at, trip_id,"
            " taxi_type, source_file, source_month, pickup_at, dropoff_at, pickup_zone_id, vendor_id,"
            " total_amount_cents) values ('trips', 0, %s, '2024-01-10 13:00', %s, 'green', 'f', %s,"
            " '2024-01-10 10:50', %s, 74, %s, %s)"
            " on conflict (topic, partition, kafka_offset) do update set arrived_at = excluded.arrived_at",
            [trip, UUID(int=trip), MONTH, DROPOFF_AT, vendor, 100 * trip],
        )

    return write


def windows(*trips: int, table_set: str = FIRST_SET) -> Write:
    """What the job writes of the windows, once these trips have come on time."""

    def write(connection: Connection) -> None:
        connection.execute(
            f"insert into {table_set}.on_time_windows"
            " select 'green', 74, ends, %(trips)s, %(cents)s"
            " from generate_series(timestamp '2024-01-10 11:01', '2024-01-10 11:15', '1 minute') as ends"
            " on conflict do nothing",
            {"trips": len(trips), "cents": 100 * sum(trips)},
        )

    return write


def quarantined(trip: int, rule: str, table_set: str = FIRST_SET) -> Write:
    """What the job writes for a trip that breaks a rule."""

    def write(connection: Connection) -> None:
        connection.execute(
            f"insert into {table_set}.quarantined_arrivals (topic, partition, kafka_offset, arrived_at,"
            " trip_id, taxi_type, rules, source_file, source_month)"
            " values ('trips', 0, %s, '2024-01-10 11:10', %s, 'green', %s, 'f', %s)"
            " on conflict (topic, partition, kafka_offset) do nothing",
            [trip, UUID(int=trip), [rule], MONTH],
        )

    return write


def read(*disposals: str) -> Write:
    """What the job writes of the records that it has read."""

    def write(connection: Connection) -> None:
        connection.cursor().executemany(
            "insert into taxi_internal.received_records values ('green', '2024-01-10 11:00', %s, %s)"
            " on conflict do nothing",
            [(name, disposals.count(name)) for name in set(disposals)],
        )

    return write


def publish(run: str, source: str = SHADOW, into: str = FIRST_SET) -> Write:
    """The publication of what a set has of the month."""

    def write(connection: Connection) -> None:
        connection.execute(f"select {into}.publish_month(%s, %s, 'green', %s, false)", [run, source, MONTH])

    return write


def undo(run: str) -> Write:
    """The undoing of a publication."""

    def write(connection: Connection) -> None:
        connection.execute("select taxi_1.undo_publication(%s, 'green', %s)", [run, MONTH])

    return write


def file_holds(*writes: Callable[..., Write], trips: Sequence[int] = (), vendor: int = 2) -> Write:
    """The other set, filled from a file with these trips; in it, trip 9 breaks a rule."""

    def write(connection: Connection) -> None:
        for table in ("all_trips", "quarantined_arrivals"):
            connection.execute(f"delete from {SHADOW}.{table}")
        for trip in trips:
            on_time(trip, vendor=vendor, table_set=SHADOW)(connection)
        quarantined(9, "non_positive_total", SHADOW)(connection)

    return write


@pytest.fixture(scope="module")
def sets(stack: Endpoints) -> Iterator[Endpoints]:
    """The served set and another one."""
    tables.set_up(stack.postgres_dsn, SHADOW)
    yield stack
    tables.drop(stack.postgres_dsn, SHADOW)
    tables.empty(stack.postgres_dsn, FIRST_SET)


@pytest.fixture
def empty(sets: Endpoints) -> Iterator[Connection]:
    """Empty tables, in a transaction that is never committed."""
    tables.empty(sets.postgres_dsn, FIRST_SET)
    with psycopg.connect(sets.postgres_dsn) as connection:
        yield connection
        connection.rollback()


def state_after(connection: Connection, *writes: Write, select: str = SHOWN) -> tuple[Any, ...]:
    """The tables after these writes, which are undone."""
    with connection.transaction(force_rollback=True):
        for write in writes:
            write(connection)
        (state,) = connection.execute(select).fetchall()
        return state


#  trip   stream            file
#  1      on time, late     vendor 2     theirs, with the file's vendor
#  2      late              yes
#  3      on time           no           withdrawn
#  4      on time           yes
#  5      no                yes          added
#  6      late              no           withdrawn
STREAM = (
    on_time(1),
    late(1, vendor=3),
    late(2),
    on_time(3),
    on_time(4, vendor=2),
    late(6),
    windows(1, 3, 4),
    quarantined(8, "missing_field"),
    read(*["on_time"] * 3, *["after_close"] * 3, "quarantined"),
)
FILE = file_holds(trips=(1, 2, 4, 5))


def orders(*writes: Write, count: int) -> Iterator[tuple[Write, ...]]:
    """So many orders of the writes, every third with each of them twice."""
    chance = random.Random(7)  # noqa: S311 - equal on every run, not secret
    for number in range(count):
        order = list(writes) * (2 if number % 3 == 0 else 1)
        chance.shuffle(order)
        yield tuple(order)


def test_the_end_does_not_depend_on_when_the_month_is_published(empty: Connection) -> None:
    FILE(empty)
    found = {str(state_after(empty, *order)) for order in orders(*STREAM, publish("r"), count=60)}
    kept = {str(state_after(empty, *order, select=KEPT)) for order in orders(*STREAM, publish("r"), count=20)}
    assert (len(found), len(kept)) == (1, 1)
    trips, fares, refused, ledger = state_after(empty, *STREAM, publish("r"))
    assert [trip[-7:] for trip in trips] == ["01,2,t)", "02,2,f)", "04,2,t)", "005,2,)"]
    assert {fare.split(",", 2)[2] for fare in fares} == {"4,1200)"}
    assert len(fares) == 15
    assert [row.split(",")[1] for row in refused] == ["{non_positive_total})"]
    assert ledger == ["(2,1,0)"]


def test_after_an_undoing_all_is_as_if_the_month_had_not_been_published(empty: Connection) -> None:
    FILE(empty)
    never = state_after(empty, on_time(1), late(2), *STREAM)
    for order in orders(*STREAM, publish("r"), count=30):
        assert state_after(empty, on_time(1), late(2), *order, undo("r")) == never


def test_a_month_is_published_again_and_each_undoing_leads_to_the_one_before(empty: Connection) -> None:
    def newer(connection: Connection) -> None:
        file_holds(trips=(3, 4, 5, 7), vendor=4)(connection)
        publish("second")(connection)

    for order in orders(*STREAM[:6], count=8):
        before, between, after = order[:2], order[2:4], order[4:]
        FILE(empty)
        first = state_after(empty, *order, publish("first"))
        both = (*before, publish("first"), *between, newer, *after)
        assert state_after(empty, *both, select=KEPT)[0] != []
        FILE(empty)
        assert state_after(empty, *both, undo("second")) == first
        FILE(empty)
        assert state_after(empty, *both, undo("second"), undo("first")) == state_after(empty, *order)


#  trip   stream              first file   second file
#  4      before both: 2      2            4            only the second changes it
#  5      after both: 4       2            4            the stream brings what the second has
#  6      between them: 4     2            4
#  7      never               2            no
def test_after_both_undoings_the_values_are_those_of_the_stream(empty: Connection) -> None:
    writes = (
        on_time(4, vendor=2),
        file_holds(trips=(4, 5, 6, 7), vendor=2),
        publish("first"),
        on_time(6, vendor=4),
        file_holds(trips=(4, 5, 6), vendor=4),
        publish("second"),
        on_time(5, vendor=4),
    )
    once, both = undo("second"), (undo("second"), undo("first"))
    assert vendors(empty, *writes) == {4: 4, 5: 4, 6: 4}
    assert vendors(empty, *writes, once) == {4: 2, 5: 2, 6: 2, 7: 2}
    assert vendors(empty, *writes, *both) == {4: 2, 5: 4, 6: 4}


def vendors(connection: Connection, *writes: Write) -> dict[int, int]:
    """The vendor of each trip that is shown after these writes, which are undone."""
    select = (
        "select array(select trip_id from taxi.trips order by trip_id),"
        " array(select vendor_id from taxi.trips order by trip_id)"
    )
    trips, found = state_after(connection, *writes, select=select)
    return {trip.int: vendor for trip, vendor in zip(trips, found, strict=True)}


def test_publishing_the_same_run_twice_changes_nothing(empty: Connection) -> None:
    FILE(empty)
    everything = "select array(select publications::text from taxi.publications)"
    once = state_after(empty, *STREAM, publish("r"))
    assert state_after(empty, *STREAM, publish("r"), publish("r")) == once
    assert len(state_after(empty, publish("r"), publish("r"), select=everything)[0]) == 1


def test_another_set_takes_publications_over_before_or_after_it_is_filled(empty: Connection) -> None:
    FILE(empty)
    adopted = "select array(select (trip_id, vendor_id, on_time)::text from {0}.trips order by 1), " + (
        "array(select (window_end, trips, total_amount_cents)::text from {0}.published_fares_15m order by 1)"
    )

    def adopt(connection: Connection) -> None:
        connection.execute(f"select {SHADOW}.adopt_publications('{FIRST_SET}')")

    def clear(connection: Connection) -> None:
        connection.execute(f"delete from {SHADOW}.all_trips")

    filled = [on_time(trip, table_set=SHADOW) for trip in (1, 3, 4)]
    start = (on_time(1), on_time(3), on_time(4), publish("r"), clear)
    select = adopted.format(SHADOW)
    states = {
        str(state_after(empty, *start, *order, select=select))
        for order in ((*filled, adopt), (adopt, *filled), (filled[0], adopt, *filled[1:]))
    }
    assert states == {str(state_after(empty, *start, select=adopted.format(FIRST_SET)))}


def test_a_stream_of_the_same_month_and_a_publication_meet_without_losing_a_trip(sets: Endpoints) -> None:
    """Four writers bring trips 1 to 400, publications of 200 to 600 come in between, some by force."""

    def stream(first: int) -> None:
        with psycopg.connect(sets.postgres_dsn) as connection:
            for trip in range(first, 401, 4):
                on_time(trip)(connection)
                if trip % 40 < 4:
                    connection.commit()

    def publish_now(number: int) -> None:
        for exclusive in (False, True):
            try:
                with psycopg.connect(sets.postgres_dsn) as connection:
                    connection.execute("set local lock_timeout = %s" % ("0" if exclusive else "10"))
                    connection.execute(
                        "select taxi_1.publish_month(%s, %s, 'green', %s, %s)",
                        [f"r{number}", SHADOW, MONTH, exclusive],
                    )
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                assert not exclusive
            else:
                return

    tables.empty(sets.postgres_dsn, FIRST_SET)
    with psycopg.connect(sets.postgres_dsn) as connection:
        file_holds(trips=range(200, 601))(connection)
    with ThreadPoolExecutor() as pool:
        streams = [pool.submit(stream, first) for first in (1, 2, 3, 4)]
        publications = pool.map(publish_now, range(4))
        assert [writer.exception() for writer in streams] == [None] * 4
        assert list(publications) == [None] * 4
    with psycopg.connect(sets.postgres_dsn) as connection:
        windows(*range(1, 401))(connection)
        shown = connection.execute("select total_amount_cents / 100 from taxi.trips order by 1").fetchall()
        fares = connection.execute("select distinct trips from taxi.zone_fares_15m").fetchall()
    assert shown == [(trip,) for trip in range(200, 601)]
    assert fares == [(401,)]


def test_a_neighbours_trip_of_just_before_a_months_first_window_is_no_difference(empty: Connection) -> None:
    dropoff_at = "2023-12-30 23:55:30"  # windows of January begin to be looked at five minutes later
    empty.execute(
        f"insert into {SHADOW}.all_trips (trip_id, taxi_type, source_file, source_month, pickup_at,"
        " dropoff_at, pickup_zone_id, total_amount_cents, on_time)"
        " values (%s, 'green', 'f', '2023-12-01', '2023-12-30 23:45', %s, 74, 700, true)",
        [UUID(int=7), dropoff_at],
    )
    empty.execute(
        f"insert into {SHADOW}.on_time_windows"
        " select 'green', 74, ends, 1, 700"
        " from generate_series(timestamp '2023-12-30 23:56', '2023-12-31 00:10', '1 minute') as ends"
    )
    compare = "select equal, explained, unexplained from taxi_1.compare_month(%s, 'green', %s, 'served')"
    assert empty.execute(compare, [SHADOW, MONTH]).fetchone() == (0, 0, 0)


def beside_the_stream(connection: Connection, *writes: Write) -> tuple[Any, ...]:
    """The other set's month beside what the stream wrote, after these writes, which are undone."""
    select = f"select * from taxi_1.compare_month('{SHADOW}', 'green', '{MONTH}', 'stream')"
    return state_after(connection, *writes, select=select)


def test_what_the_stream_wrote_differs_from_a_file_by_its_late_trips_or_for_no_good_reason(
    empty: Connection,
) -> None:
    file_holds(trips=(1, 2, 4), vendor=1)(empty)
    windows(1, 2, 4, table_set=SHADOW)(empty)
    all_on_time = (on_time(1), on_time(2), on_time(4), windows(1, 2, 4))
    one_late = (on_time(1), late(2), on_time(4), windows(1, 4))
    one_lost = (on_time(1), on_time(4), windows(1, 4))
    miscounted = (on_time(1), late(2), on_time(4), windows(1, 3))
    for publication in ((), (publish("r"),)):
        assert beside_the_stream(empty, *all_on_time, *publication) == (15, 0, 0, 3, 0, 0, 0, [])
        assert beside_the_stream(empty, *one_late, *publication) == (0, 15, 0, 3, 0, 0, 0, [])
        *counts, examples = beside_the_stream(empty, *one_lost, *publication)
        assert counts == [0, 0, 15, 2, 0, 0, 1]
        assert examples[0] == (
            "zone 74, window to 2024-01-10 11:01:00: 2 trips of 500 cents here, 3 of 700 there"
        )
        assert beside_the_stream(empty, *miscounted, *publication)[:7] == (0, 0, 15, 3, 0, 0, 0)


def test_what_the_stream_wrote_is_known_after_a_file_has_taken_its_place(empty: Connection) -> None:
    FILE(empty)
    windows(1, 2, 4, 5, table_set=SHADOW)(empty)
    stream = (on_time(1), late(2), on_time(3), on_time(4, vendor=2), windows(1, 3, 4))
    expected = (0, 0, 15, 1, 2, 1, 1)  # 4; 1 and 2 with another vendor; 3; 5
    for order in ((*stream, publish("r")), (publish("r"), *stream), stream):
        assert beside_the_stream(empty, *order)[:7] == expected
