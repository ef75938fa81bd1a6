"""What others have built on the marts outlives every build, on a Postgres of the tests' own."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from control_plane.marts import PROJECT
from control_plane.sink import table_sets as tables
from tests.dbt.live_tables import LiveTables
from tests.dbt.marts_environments import PostgresMarts, finished, run
from tests.dbt.synthetic_trips import month_of_trips
from tests.lone_postgres import lone_postgres

pytestmark = [pytest.mark.integration, pytest.mark.long("the marts are built five times")]

BUILT_ON = (
    "create schema analysts",
    "create view analysts.days as select date_day, trips from marts.agg_zone_day",
    "create view analysts.trips as select trip_id, total_amount_cents from marts.fct_trips",
    "create view analysts.busy as select * from analysts.days where trips > 1",
    "create materialized view analysts.zones as select zone_key, zone_name from marts.dim_zones",
    "create view analysts.seeds as select * from marts_staging.taxi_zones",
)
COUNTS = """
select
    (select sum(trips) from analysts.days)::bigint, (select count(*) from analysts.trips),
    (select count(*) > 0 from analysts.zones), (select count(*) from analysts.seeds)
"""


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[PostgresMarts]:
    """Marts of one month, on which others have built."""
    with lone_postgres(tmp_path / "postgres") as dsn:
        tables.set_up(dsn)
        found = PostgresMarts(LiveTables(dsn, tmp_path), tmp_path)
        found.hold({"2024-01": month_of_trips("2024-01", 200)})
        run(found.dbt("build"))
        with psycopg.connect(dsn) as analyst:
            for statement in BUILT_ON:
                analyst.execute(statement.encode())
        yield found


def counts(marts: PostgresMarts) -> tuple[object, ...]:
    with psycopg.connect(marts.tables.dsn) as analyst:
        return analyst.execute(COUNTS.encode()).fetchone() or ()


def test_views_on_marts_outlive_builds_and_full_refreshes_and_show_what_is_new(marts: PostgresMarts) -> None:
    assert counts(marts) == (200, 200, True, 265)
    marts.hold({"2024-01": month_of_trips("2024-01", 300)})
    run(marts.dbt("build"))
    assert counts(marts) == (300, 300, True, 265)
    marts.hold({"2024-02": month_of_trips("2024-02", 100)})
    run(marts.dbt("build", "--full-refresh"))
    assert counts(marts) == (100, 100, True, 265)


def test_a_mart_that_gets_other_columns_is_refused_by_name_before_anything_is_changed(
    marts: PostgresMarts, tmp_path: Path
) -> None:
    changed = tmp_path / "later-project"
    shutil.copytree(PROJECT, changed)
    for name, old, new in (
        ("agg_zone_day.sql", "    trips,\n    total", "    cast(trips as integer) as trips,\n    total"),
        ("agg_zone_day.yml", "data_type: bigint", "data_type: integer"),
    ):
        path = changed / "models" / "marts" / name
        assert old in path.read_text("utf-8")
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    marts.hold({"2024-01": month_of_trips("2024-01", 300)})
    command = marts.dbt("build", "--full-refresh", "--project-dir", str(changed))
    environment = {**command.environment, "DBT_PROJECT_DIR": str(changed)}
    done = finished(type(command)(command.command, environment))
    assert done.returncode != 0
    said = re.sub(r"\s+", " ", done.stdout)
    assert "marts.agg_zone_day gets other columns, but analysts.days depends on it. Nothing was" in said
    assert counts(marts) == (200, 200, True, 265)
