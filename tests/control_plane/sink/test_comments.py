"""The comments of the served schema, on a Postgres of the tests' own."""

from collections.abc import Iterator

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.table_sets import FIRST_SET
from schemas.descriptions import descriptions
from stack import database
from tests.lone_postgres import lone_postgres

pytestmark = pytest.mark.integration

# Asks the catalogue in its own way: by attributes, where the code goes by relations.
WITHOUT_COMMENT = """
select relname || '.' || attname
from pg_attribute join pg_class on attrelid = pg_class.oid
left join pg_description on objoid = attrelid and objsubid = attnum and classoid = 'pg_class'::regclass
where
    relnamespace in ('taxi'::regnamespace, 'taxi_internal'::regnamespace)
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and attnum > 0 and not attisdropped and coalesce(description, '') = ''
union all
select relname from pg_class
left join pg_description on objoid = oid and objsubid = 0 and classoid = 'pg_class'::regclass
where
    relnamespace in ('taxi'::regnamespace, 'taxi_internal'::regnamespace)
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and coalesce(description, '') = ''
union all
select oid::regprocedure::text from pg_proc
left join pg_description on objoid = oid and classoid = 'pg_proc'::regclass
where pronamespace = 'taxi'::regnamespace and coalesce(description, '') = ''
union all
select nspname from pg_namespace
left join pg_description on objoid = oid and classoid = 'pg_namespace'::regclass
where nspname ~ '^taxi' and coalesce(description, '') = ''
"""
COMMENTS = "select objoid::text, classoid::text, objsubid, xmin::text, description from pg_description"
WRITTEN = f"{COMMENTS} where objoid in (select oid from pg_class where relnamespace = 'taxi'::regnamespace)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lone_postgres(tmp_path_factory.mktemp("comments")) as dsn:
        tables.set_up(dsn)
        yield dsn


def undescribed(dsn: str) -> list[str]:
    return sorted(row[0] for row in database.query(dsn, WITHOUT_COMMENT).rows)


def comment_on(dsn: str, view: str) -> str:
    return str(database.query(dsn, f"select obj_description('taxi.{view}'::regclass, 'pg_class')").rows[0][0])


def test_nothing_in_the_served_schema_is_without_a_comment(server: str) -> None:
    assert database.query(
        server, "select count(*) > 10 from pg_class where relnamespace = 'taxi'::regnamespace"
    ).rows == [(True,)]
    assert undescribed(server) == []


def test_sums_over_overlapping_windows_are_warned_of_where_a_client_shows_it(server: str) -> None:
    assert "counts each trip 15 times" in comment_on(server, "zone_fares_15m")
    assert "taxi.zone_fares_quarter_hours" in comment_on(server, "zone_fares_15m")


def test_setting_up_again_writes_no_comment(server: str) -> None:
    before = set(database.query(server, WRITTEN).rows)
    assert len(before) > 100
    tables.set_up(server, FIRST_SET)
    assert set(database.query(server, WRITTEN).rows) == before


def test_comments_are_written_while_a_reader_stays_in_its_transaction(server: str) -> None:
    with psycopg.connect(server) as owner:
        owner.execute(
            "comment on view taxi.trips is null; comment on column taxi.trips.tip_amount_cents is 'old'"
        )
    with psycopg.connect(server) as reader:
        reader.execute("select count(*) from taxi.trips")
        tables.set_up(server)
    assert undescribed(server) == []
    assert comment_on(server, "trips") == descriptions().relations["trips"]


def test_a_view_that_a_switch_makes_again_has_its_comments(server: str) -> None:
    """A version with other columns, and back: Postgres forgets the comments of a view that is dropped."""
    tables.set_up(server, "taxi_8")
    with psycopg.connect(server) as owner:
        owner.execute("drop view taxi_8.late_trips")
        owner.execute(
            "create view taxi_8.late_trips as select trip_id, 1 as windows_corrected from taxi_8.trips"
        )
    try:
        for table_set in ("taxi_8", FIRST_SET):
            tables.serve(server, table_set)
            assert undescribed(server) == []
            assert comment_on(server, "late_trips") == descriptions().relations["late_trips"]
    finally:
        tables.serve(server, FIRST_SET)
        tables.drop(server, "taxi_8")


def test_a_table_of_a_job_of_ones_own_is_shown_without_a_comment_of_ours(server: str) -> None:
    tables.set_up(server, "taxi_9")
    with psycopg.connect(server) as owner:
        owner.execute("create table taxi_9.tips (cents bigint)")
    tables.serve(server, "taxi_9")
    assert undescribed(server) == ["tips", "tips.cents"]
    tables.serve(server, FIRST_SET)
    tables.drop(server, "taxi_9")
