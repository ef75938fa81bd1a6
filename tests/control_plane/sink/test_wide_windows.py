"""A table set of a release that stored each window's start and average, beside one that computes them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from control_plane.jobs.versions.comparison import KEYS, compare
from control_plane.sink import publication
from control_plane.sink import table_sets as tables
from control_plane.sink.publication import adopt_publications
from control_plane.sink.table_sets import FIRST_SET, TABLE_SET_FOLDER, OtherTablesError
from schemas.tlc_month import TlcMonth
from stack import database
from tests.lone_postgres import lone_postgres
from tests.schemas.wide_windows import wide_table_set

pytestmark = pytest.mark.integration

NEW_SET, FILE_SET = "taxi_2", "taxi_reprocess_wide"
JANUARY = TlcMonth("green", date(2024, 1, 1))
WIDE_WINDOWS = """
insert into {set}.on_time_fares_15m
select
    'green', 74, ends - interval '15 minutes', ends, trips, 100 * trips + 1,
    round((100 * trips + 1) / (trips * 100.0), 4)
from generate_series(timestamp '2024-01-10 11:01', '2024-01-10 11:15', '1 minute') with ordinality
    as windows (ends, trips)
"""
WINDOWS = """
insert into {set}.on_time_windows (taxi_type, pickup_zone_id, window_end, trips, total_amount_cents)
select 'green', 74, ends, trips, 100 * trips + 1
from generate_series(timestamp '2024-01-10 11:01', '2024-01-10 11:15', '1 minute') with ordinality
    as windows (ends, trips)
"""
REST = (
    """
    insert into {set}.all_trips (trip_id, taxi_type, source_file, source_month, pickup_at, dropoff_at,
        pickup_zone_id, total_amount_cents, on_time)
    values ('00000000-0000-4000-8000-000000000001', 'green', 'f', '2024-01-01', '2024-01-10 10:50',
        '2024-01-10 11:00:30', 74, 101, true)
    """,
    """
    insert into {set}.late_arrivals (topic, partition, kafka_offset, arrived_at, trip_id, taxi_type,
        source_file, source_month, pickup_at, dropoff_at, pickup_zone_id, total_amount_cents)
    values ('trips', 0, 1, '2024-01-10 13:00', '00000000-0000-4000-8000-000000000002', 'green', 'f',
        '2024-01-01', '2024-01-10 10:50', '2024-01-10 11:04:30', 74, 700)
    """,
    """
    insert into {set}.received_records values
        ('green', '2024-01-10 11:00', 'on_time', 15), ('green', '2024-01-10 11:00', 'after_close', 1)
    """,
    "insert into {set}.on_time_as_read values ('green', '2024-01-10 11:00', 15)",
)
VIEWS = ("zone_fares_15m", "zone_fares_quarter_hours", "zone_fares_now", "trip_ledger", "late_trips", "trips")
COLUMNS = """
select relname, attnum, attname, format_type(atttypid, atttypmod), collname
from pg_attribute
join pg_class on attrelid = pg_class.oid
left join pg_collation on attcollation = pg_collation.oid
where
    relnamespace = to_regnamespace(%s) and relname = any(%s) and attnum > 0 and not attisdropped
order by relname, attnum
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DDL of the earlier release."""
    return wide_table_set(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory, wide: Path) -> Iterator[str]:
    """A database that the earlier release has filled and serves, with the same rows in a set of this one.

    Each test leaves it so.
    """
    with lone_postgres(tmp_path_factory.mktemp("wide")) as server:
        tables.set_up(server, FIRST_SET, wide)
        run(server, WIDE_WINDOWS, *REST)
        tables.set_up(server, NEW_SET)
        run(server, WINDOWS, *REST, table_set=NEW_SET)
        yield server


def run(dsn: str, *statements: str, table_set: str = FIRST_SET) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.replace("{set}", table_set).encode())


def shown(dsn: str, schema: str = "taxi") -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the views that windows are part of."""
    order = {"zone_fares_now": "pickup_zone_id", "trip_ledger": "event_hour, taxi_type"}
    return {
        view: list(
            database.query(
                dsn, f"select * from {schema}.{view} order by {order.get(view, '1, 2, 3, 4')}"
            ).rows
        )
        for view in VIEWS
    }


def columns(dsn: str, schema: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(COLUMNS, [schema, [*VIEWS, "on_time_fares_15m"]]).fetchall()


def test_the_set_of_the_earlier_release_is_served_as_before(dsn: str, wide: Path) -> None:
    before = shown(dsn)
    assert [len(before[view]) for view in ("zone_fares_15m", "zone_fares_now", "late_trips")] == [19, 1, 1]
    tables.set_up(dsn)  # as ./taxi up
    tables.set_up(dsn, FIRST_SET, wide)  # as a start of the earlier release
    run(dsn, WIDE_WINDOWS + "on conflict (taxi_type, pickup_zone_id, window_end) do nothing")
    assert shown(dsn) == before


def test_both_sets_show_the_same_rows_in_the_same_columns(dsn: str) -> None:
    assert shown(dsn, NEW_SET) == shown(dsn, FIRST_SET)
    assert columns(dsn, NEW_SET) == columns(dsn, FIRST_SET)
    found = compare(dsn, FIRST_SET, NEW_SET)
    assert [(one.table, one.only_old, one.only_new, one.different, one.other_columns) for one in found] == [
        (table, 0, 0, 0, ()) for table in KEYS
    ]
    assert found[0].equal == 19


def test_readers_are_switched_between_both_and_what_is_built_on_the_views_stays(dsn: str) -> None:
    run(
        dsn,
        "create schema built_on",
        "create view built_on.fares as select * from taxi.zone_fares_15m",
        "create view built_on.parts as select * from taxi_internal.on_time_fares_15m",
    )
    before = shown(dsn)
    for table_set in (NEW_SET, FIRST_SET):
        tables.serve(dsn, table_set)
        assert shown(dsn) == before
        assert database.query(dsn, "select count(*) from built_on.fares, built_on.parts").rows == [(19 * 15,)]
    run(dsn, "drop schema built_on cascade")


def test_a_month_is_compared_published_adopted_and_undone_between_both(dsn: str) -> None:
    tables.set_up(dsn, FILE_SET)
    run(dsn, WINDOWS, REST[0], table_set=FILE_SET)
    streamed = shown(dsn)
    for table_set, source in ((FIRST_SET, FILE_SET), (FIRST_SET, NEW_SET), (NEW_SET, FIRST_SET)):
        compared = f"{table_set}.compare_month('{source}', 'green', '2024-01-01', 'served')"
        assert database.query(dsn, f"select unexplained from {compared}").rows == [(0,)]
    publication.publish(dsn, [JANUARY], FILE_SET, "r")
    published = shown(dsn)
    assert published["trips"] != streamed["trips"]
    adopt_publications(dsn, FIRST_SET, NEW_SET)
    tables.serve(dsn, NEW_SET)
    assert shown(dsn) == published
    publication.undo(dsn, [JANUARY], "r")
    assert shown(dsn) == streamed
    tables.serve(dsn, FIRST_SET)
    publication.undo(dsn, [JANUARY], "r")
    assert shown(dsn) == streamed
    tables.drop(dsn, FILE_SET)


def test_neither_release_can_have_the_tables_of_the_other(dsn: str, wide: Path) -> None:
    rows = shown(dsn, FIRST_SET), shown(dsn, NEW_SET)
    with pytest.raises(
        OtherTablesError, match=r"taxi_1 are those of an earlier version.*deploy zone_fares --side"
    ):
        tables.set_up(dsn, FIRST_SET)
    with pytest.raises(OtherTablesError, match="side-by-side"):
        tables.set_up(dsn, NEW_SET, wide)
    assert tables.unlike_objects(dsn, TABLE_SET_FOLDER, FIRST_SET) == ["on_time_fares_15m"]
    assert tables.unlike_objects(dsn, TABLE_SET_FOLDER, NEW_SET) == []
    assert (shown(dsn, FIRST_SET), shown(dsn, NEW_SET)) == rows
