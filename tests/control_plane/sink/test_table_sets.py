"""Switching the views of taxi between table sets, in Postgres alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.table_sets import FIRST_SET
from schemas.errors import UserError
from stack import database
from stack.endpoints import Endpoints
from tests.schemas.later_contract import COLUMN, later_table_set
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

OTHER_SET = "taxi_8"
WAITING_FOR_A_VIEW = """
select count(*) from pg_locks as locks
join pg_class as views on views.oid = locks.relation
where views.relnamespace = 'taxi'::regnamespace and not locks.granted
"""
A_DEAD_LETTER = """
insert into {}.dead_letters (topic, partition, kafka_offset, arrived_at, error_class, error)
values ('trips', 0, 7, now(), 'bad', 'bad')
"""


@pytest.fixture
def dsn(stack: Endpoints) -> Iterator[str]:
    """The database with another set beside the first, which is served."""
    tables.serve_only_first(stack.postgres_dsn)
    tables.set_up(stack.postgres_dsn, OTHER_SET)
    yield stack.postgres_dsn
    tables.serve_only_first(stack.postgres_dsn)
    tables.drop(stack.postgres_dsn, OTHER_SET)
    tables.empty(stack.postgres_dsn, FIRST_SET)


def columns(dsn: str, relation: str) -> list[str]:
    return list(database.query(dsn, f"select * from {relation} limit 0").columns)


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_views_whose_columns_change_are_made_anew_unless_something_is_built_on_them(dsn: str) -> None:
    before = columns(dsn, "taxi.late_trips")
    run(
        dsn,
        f"drop view {OTHER_SET}.late_trips",
        f"create view {OTHER_SET}.late_trips as select trip_id, 1 as windows from {OTHER_SET}.trips",
        f"create table {OTHER_SET}.tips (cents bigint)",
        "create schema built_on",
        "create view built_on.late as select trip_id from taxi.late_trips",
        "create view built_on.windows as select window_end from taxi.zone_fares_15m",
    )
    refusal = (
        "taxi.late_trips has other columns in taxi_8, and view built_on.late depends on view late_trips;"
        " the served version is unchanged"
    )
    with pytest.raises(UserError, match=refusal):
        tables.serve(dsn, OTHER_SET)
    assert (tables.served(dsn), columns(dsn, "taxi.late_trips")) == (FIRST_SET, before)
    run(dsn, "drop view built_on.late")
    tables.serve(dsn, OTHER_SET)
    assert columns(dsn, "taxi.late_trips") == ["trip_id", "windows"]
    assert columns(dsn, "taxi.tips") == ["cents"]
    tables.serve(dsn, FIRST_SET)
    assert columns(dsn, "taxi.late_trips") == before
    with pytest.raises(UserError, match=r'relation "taxi\.tips" does not exist'):
        columns(dsn, "taxi.tips")
    assert columns(dsn, "built_on.windows") == ["window_end"]
    run(dsn, "drop schema built_on cascade")


def shown(dsn: str) -> set[str]:
    """The names that `\\d taxi.*` lists."""
    relations = (
        "select relname from pg_class where relnamespace = 'taxi'::regnamespace and relkind in ('r', 'v')"
    )
    return {row[0] for row in database.query(dsn, relations).rows}


def test_the_schema_of_users_has_what_they_query_and_the_parts_are_beside_it(dsn: str) -> None:
    for table_set in (OTHER_SET, FIRST_SET):
        tables.serve(dsn, table_set)
        assert shown(dsn) == {
            *("zone_fares_now", "zone_fares_15m", "zone_fares_quarter_hours", "trips", "late_trips"),
            *("quarantined_trips", "dead_letters", "trip_ledger", "publications", "current_publications"),
            *("zones", "settings", "switches", "job_runs", "backfill_runs", "parity_reports"),
        }
        run(dsn, insert_trip("taxi_internal", 1))
        assert database.query(dsn, f"select count(*) from {table_set}.all_trips").rows == [(1,)]


def test_a_part_that_an_earlier_version_showed_goes_unless_something_is_built_on_it(dsn: str) -> None:
    run(
        dsn,
        f"create view taxi.all_trips as select * from {FIRST_SET}.all_trips",
        f"create view taxi.late_arrivals as select * from {FIRST_SET}.late_arrivals",
        "create schema built_on",
        "create view built_on.late as select trip_id from taxi.late_arrivals",
    )
    tables.set_up(dsn, FIRST_SET)
    assert {"all_trips", "late_arrivals"} & shown(dsn) == {"late_arrivals"}
    tables.serve(dsn, OTHER_SET)
    (definition,) = database.query(dsn, "select pg_get_viewdef('taxi.late_arrivals'::regclass)").rows[0]
    assert f"FROM {OTHER_SET}.late_arrivals" in definition
    run(dsn, "drop schema built_on cascade")
    tables.set_up(dsn, OTHER_SET)
    assert "late_arrivals" not in shown(dsn)


def test_a_switch_waits_for_a_reader_in_the_middle_of_a_transaction_and_holds_nobody_up(dsn: str) -> None:
    run(dsn, A_DEAD_LETTER.format(FIRST_SET))
    with ThreadPoolExecutor() as pool, psycopg.connect(dsn) as reader:
        assert reader.execute("select count(*) from taxi.zone_fares_15m").fetchone() == (0,)
        switch = pool.submit(tables.serve, dsn, OTHER_SET)
        wait_for(lambda: waits(dsn) or switch.done(), what="the switch to wait")
        assert reader.execute("select count(*) from taxi.dead_letters").fetchone() == (1,)
        assert database.query(dsn, "select count(*) from taxi.zone_fares_15m").rows == [(0,)]
        assert not switch.done()
        reader.commit()
        switch.result(60)
        assert reader.execute("select count(*) from taxi.dead_letters").fetchone() == (0,)


def waits(dsn: str) -> bool:
    return database.query(dsn, WAITING_FOR_A_VIEW).rows != [(0,)]


def test_a_letter_that_was_redriven_stays_so_in_the_other_set(dsn: str) -> None:
    run(dsn, A_DEAD_LETTER.format(FIRST_SET), A_DEAD_LETTER.format(OTHER_SET))
    run(dsn, "update taxi.dead_letters set redriven_at = '2024-01-01'")
    tables.serve(dsn, OTHER_SET)
    assert database.query(dsn, "select redriven_at::date::text from taxi.dead_letters").rows == [
        ("2024-01-01",)
    ]


def test_a_set_that_is_gone_is_neither_served_nor_made_again_by_starting_the_stack(dsn: str) -> None:
    tables.serve(dsn, OTHER_SET)
    tables.drop(dsn, FIRST_SET)
    with pytest.raises(UserError, match="there is no table set taxi_1"):
        tables.serve(dsn, FIRST_SET)
    tables.set_up(dsn)
    assert (tables.served(dsn), tables.numbered_sets(dsn)) == (OTHER_SET, [OTHER_SET])


def insert_trip(table_set: str, number: int) -> str:
    return f"""
    insert into {table_set}.all_trips (trip_id, taxi_type, source_file, source_month, pickup_at, dropoff_at,
        pickup_zone_id, total_amount_cents, on_time)
    values ('00000000-0000-4000-8000-00000000000{number}', 'green', 'f', '2024-01-01', '2024-01-10 10:50',
        '2024-01-10 11:00:30', 74, 700, true)
    """


def test_a_set_of_an_earlier_version_gains_the_columns_of_a_later_one(dsn: str, tmp_path: Path) -> None:
    run(
        dsn,
        insert_trip(FIRST_SET, 1),
        "create schema built_on",
        "create view built_on.trips as select * from taxi.trips",
    )
    grown = ("taxi.trips", "taxi_internal.late_arrivals", "taxi_internal.replaced_trips")
    before = {name: columns(dsn, name) for name in grown}
    folder = later_table_set(tmp_path)
    for _ in range(2):
        tables.set_up(dsn, FIRST_SET, folder)
    after = {name: columns(dsn, name) for name in before}
    assert after == {name: [*names, COLUMN] for name, names in before.items()}
    run(dsn, f"update taxi_internal.all_trips set {COLUMN} = 'app'")
    assert database.query(
        dsn, f"select {COLUMN}, (select count(*) from built_on.trips) from taxi.trips"
    ).rows == [("app", 1)]
    run(dsn, "drop schema built_on cascade")
    tables.serve(dsn, OTHER_SET)
    tables.drop(dsn, FIRST_SET)


def test_a_new_set_shows_the_columns_of_a_later_version_where_an_older_set_gained_them(
    dsn: str, tmp_path: Path
) -> None:
    folder = later_table_set(tmp_path)
    tables.set_up(dsn, FIRST_SET, folder)
    grown = columns(dsn, f"{FIRST_SET}.trips")
    tables.drop(dsn, OTHER_SET)
    tables.set_up(dsn, OTHER_SET, folder)
    assert columns(dsn, f"{OTHER_SET}.trips") == grown
    tables.serve(dsn, OTHER_SET)
    tables.drop(dsn, FIRST_SET)


def test_a_month_is_published_undone_and_adopted_between_sets_of_two_versions(
    dsn: str, tmp_path: Path
) -> None:
    """The served set has a column that the other one, from which the month comes, does not know."""
    tables.set_up(dsn, FIRST_SET, later_table_set(tmp_path))
    run(
        dsn,
        insert_trip(FIRST_SET, 1),
        insert_trip(FIRST_SET, 2),
        insert_trip(OTHER_SET, 2),
        insert_trip(OTHER_SET, 3),
    )
    run(dsn, f"update {FIRST_SET}.all_trips set {COLUMN} = 'app'")
    shown = f"select right(trip_id::text, 1), {COLUMN}, on_time from taxi.trips order by 1"
    streamed = database.query(dsn, shown).rows
    month = "'green', '2024-01-01'"
    run(dsn, f"select {FIRST_SET}.publish_month('r', '{OTHER_SET}', {month}, false)")
    assert database.query(dsn, shown).rows == [("2", None, True), ("3", None, None)]
    run(dsn, f"select {FIRST_SET}.undo_publication('r', {month})")
    assert database.query(dsn, shown).rows == streamed == [("1", "app", True), ("2", "app", True)]
    run(dsn, f"select {OTHER_SET}.publish_month('s', '{FIRST_SET}', {month}, false)")
    assert database.query(dsn, f"select right(trip_id::text, 1) from {OTHER_SET}.trips order by 1").rows == [
        ("1",),
        ("2",),
    ]
    tables.serve(dsn, OTHER_SET)
    tables.drop(dsn, FIRST_SET)
