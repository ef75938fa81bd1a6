"""The dashboard of fares: its queries answer as a reader, and it is the one that the code makes."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from control_plane.sink import table_sets as tables
from control_plane.sink.table_sets import FIRST_SET
from stack import database
from stack.monitoring import dashboard, fares_dashboard
from stack.monitoring.fares_dashboard import PANELS, SqlPanel
from stack.settings import ROOT
from tests.lone_postgres import lone_postgres

PROVISIONING = ROOT / "stack" / "monitoring" / "grafana" / "provisioning" / "datasources" / "sources.yml"
VARIABLE = "${taxi_type:sqlstring}"
# Zones 74 and 75, Manhattan, and 82, Queens, on 10 January: the clock shows 12:00. One window of zone 74 does
# not end on a quarter of an hour, and one is older than a day.
WINDOWS = f"""
insert into {FIRST_SET}.on_time_windows
select 'green', zone, ends, trips, cents
from (values
    (74, timestamp '2024-01-10 12:00', 4, 8000), (75, '2024-01-10 12:00', 5, 15000),
    (82, '2024-01-10 11:45', 1, 30000), (74, '2024-01-10 11:59', 9, 9000), (74, '2024-01-09 11:45', 7, 7000)
) as fares (zone, ends, trips, cents)
"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that Grafana uses: the role that only reads."""
    with lone_postgres(tmp_path_factory.mktemp("fares")) as dsn:
        database.query(dsn, "create role taxi_reader login")
        tables.set_up(dsn)
        database.query(dsn, WINDOWS)
        yield dsn.replace("taxi@", "taxi_reader@")


def answer(reader: str, query: str) -> list[tuple[Any, ...]]:
    (panel,) = (panel for panel in PANELS if panel.query == query)
    return list(database.query(reader, panel.sql.replace(VARIABLE, "'green'")).rows)


@pytest.mark.unit
def test_the_dashboard_of_fares_that_is_kept_is_the_one_that_the_code_makes() -> None:
    assert fares_dashboard.PATH.read_text("utf-8") == fares_dashboard.text()


@pytest.mark.unit
def test_every_panel_reads_a_source_that_is_provisioned() -> None:
    sources = {
        source["uid"]: source["type"]
        for source in yaml.safe_load(PROVISIONING.read_text("utf-8"))["datasources"]
    }
    panels = [
        panel
        for text in (dashboard.text(), fares_dashboard.text())
        for panel in json.loads(text)["panels"]
        if panel["type"] != "row"
    ]
    assert {(panel["datasource"]["uid"], panel["datasource"]["type"]) for panel in panels} == set(
        sources.items()
    )


@pytest.mark.unit
def test_grafana_is_given_each_secret_and_address_that_its_sources_name() -> None:
    grafana = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["grafana"]
    text = PROVISIONING.read_text("utf-8")
    assert set(re.findall(r"/run/secrets/([\w-]+)", text)) <= set(grafana["secrets"])
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(grafana["environment"])


@pytest.mark.unit
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.query)
def test_the_taxi_type_is_quoted_wherever_a_query_names_it(panel: SqlPanel) -> None:
    assert panel.sql.count("${") == panel.sql.count(VARIABLE) >= 1


@pytest.mark.integration
def test_the_zones_now_are_those_of_the_last_hour_the_dearest_first(reader: str) -> None:
    assert [(zone, trips, str(average)) for zone, _, trips, average, _ in answer(reader, "dearest")] == [
        ("East Harlem South", 5, "30.0000"),
        ("East Harlem North", 4, "20.0000"),
    ]
    assert answer(reader, "clock") == [("2024-01-10 12:00",)]
    assert answer(reader, "zones_now") == [(3, 10)]


@pytest.mark.integration
def test_each_trip_of_the_last_day_is_counted_once(reader: str) -> None:
    busiest = [(zone, int(trips), str(average)) for zone, _, trips, average in answer(reader, "busiest")]
    assert busiest == [
        ("East Harlem South", 5, "30.00"),
        ("East Harlem North", 4, "20.00"),
        ("Elmhurst", 1, "300.00"),
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("query", "values"), [("trips_by_borough", ["1", "9"]), ("average_by_borough", ["300.00", "25.56"])]
)
def test_the_newest_window_of_the_curves_ends_now(reader: str, query: str, values: list[str]) -> None:
    rows = answer(reader, query)
    assert [(borough, str(value)) for _, borough, value in rows] == list(
        zip(("Queens", "Manhattan"), values, strict=True)
    )
    assert rows[1][0] - rows[0][0] == timedelta(minutes=15)
    assert timedelta(0) <= datetime.now(UTC) - rows[1][0] < timedelta(minutes=5)
