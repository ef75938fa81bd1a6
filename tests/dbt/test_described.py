"""The marts carry comments, and the role of `./taxi sql` may read them, on a Postgres of its own."""

from collections.abc import Iterator

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from stack import database
from tests.dbt.live_tables import LiveTables
from tests.dbt.marts_environments import PostgresMarts, run
from tests.dbt.synthetic_trips import month_of_trips
from tests.lone_postgres import lone_postgres

pytestmark = pytest.mark.integration

MARTS = (
    "agg_zone_day",
    "agg_zone_weekday_hour",
    "dim_datetime",
    "dim_zones",
    "fct_trips",
    "fct_zone_fares_15m",
)
WITHOUT_COMMENT = """
select concat_ws('.', relname, attname)
from pg_class
cross join lateral (
    select null as attname, obj_description(pg_class.oid, 'pg_class') as comment
    union all
    select attname, col_description(attrelid, attnum) from pg_attribute
    where attrelid = pg_class.oid and attnum > 0 and not attisdropped
) as described
where relnamespace = 'marts'::regnamespace and relkind in ('r', 'p', 'v', 'm') and coalesce(comment, '') = ''
"""


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresMarts]:
    """Marts that were built where there is a role for readers."""
    folder = tmp_path_factory.mktemp("described")
    with lone_postgres(folder / "postgres") as dsn:
        database.query(dsn, "create role taxi_reader login")
        tables.set_up(dsn)
        found = PostgresMarts(LiveTables(dsn, folder), folder)
        found.hold({"2024-01": month_of_trips("2024-01", 200)})
        run(found.dbt("build"))
        yield found


def test_nothing_in_the_marts_is_without_a_comment(marts: PostgresMarts) -> None:
    shown = database.query(
        marts.tables.dsn, "select tablename from pg_tables where schemaname = 'marts' order by 1"
    )
    assert [name for (name,) in shown.rows] == list(MARTS)
    assert database.query(marts.tables.dsn, WITHOUT_COMMENT).rows == []


@pytest.mark.parametrize("mart", MARTS)
def test_readers_read_every_mart_and_change_none(marts: PostgresMarts, mart: str) -> None:
    dsn = marts.tables.dsn.replace("taxi@", "taxi_reader@")
    assert database.query(dsn, f"select count(*) > 0 from marts.{mart}").rows == [(True,)]
    with psycopg.connect(dsn) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(f"set transaction read write; delete from marts.{mart}".encode())


def test_readers_see_nothing_of_what_dbt_keeps_between_builds(marts: PostgresMarts) -> None:
    dsn = marts.tables.dsn.replace("taxi@", "taxi_reader@")
    with psycopg.connect(dsn) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("select * from marts_staging.loaded_months")
