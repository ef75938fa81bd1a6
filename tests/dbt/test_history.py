"""Marts of a processed history: their columns, documentation and dimensions, and what is read for them."""

import json
import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dbt.lineage_diagram import drawn
from schemas.processed import TRIPS, ZONE_FARES_15M
from stack.settings import ROOT
from tests.dbt.marts_environments import DuckdbMarts, finished, run
from tests.dbt.synthetic_trips import month_of_trips
from tests.flink_jobs.sql_columns import columns_of_ddl, columns_of_view, postgres_ddl

pytestmark = pytest.mark.unit

NEW_YORK = ZoneInfo("America/New_York")
UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> DuckdbMarts:
    """Two months a year apart, built."""
    marts_environment = DuckdbMarts(tmp_path_factory.mktemp("world"))
    marts_environment.hold({month: month_of_trips(month) for month in ("2020-12", "2021-12")})
    run(marts_environment.dbt("build"))
    return marts_environment


@pytest.fixture(scope="module")
def manifest(built: DuckdbMarts) -> dict[str, Any]:
    """What dbt knows of the project."""
    parsed: dict[str, Any] = json.loads((built.folder / "dbt" / "duckdb" / "manifest.json").read_text())
    return parsed


def own_nodes(manifest: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values(), *manifest["exposures"].values()]
    return [node for node in nodes if node["resource_type"] in kinds]


def test_everything_that_analysts_meet_is_described(manifest: dict[str, Any]) -> None:
    described = own_nodes(manifest, "model", "seed", "snapshot", "source", "exposure")
    mute = [node["name"] for node in described if not node["description"].strip()]
    mute += [
        f"{node['name']}.{column['name']}"
        for node in described
        for column in node.get("columns", {}).values()
        if not column["description"].strip()
    ]
    assert mute == []


def test_every_column_is_declared(built: DuckdbMarts, manifest: dict[str, Any]) -> None:
    stored = built.rows(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_schema in ('marts', 'marts_staging') and table_name <> 'loaded_months'"
    )
    declared = {
        (node["schema"], node["name"], column)
        for node in own_nodes(manifest, "model", "seed", "snapshot")
        for column in node["columns"]
    }
    assert set(stored) - declared == set()


def test_every_mart_is_shown_by_an_exposure_and_has_a_contract_and_a_unit_test(
    manifest: dict[str, Any],
) -> None:
    marts = {node["unique_id"]: node for node in own_nodes(manifest, "model") if node["schema"] == "marts"}
    exposed = {name for node in own_nodes(manifest, "exposure") for name in node["depends_on"]["nodes"]}
    tested = {name for test in manifest["unit_tests"].values() for name in test["depends_on"]["nodes"][:1]}
    assert marts.keys() == exposed == marts.keys() & tested
    assert all(node["contract"]["enforced"] for node in marts.values())


def test_the_history_has_the_columns_of_the_live_tables() -> None:
    how_it_counts = {"on_time", "withdrawn_by", "published_by"}
    stored = columns_of_ddl(postgres_ddl(), "all_trips")
    trips = [column for column in stored if column not in {"taxi_type", *how_it_counts}]
    assert list(TRIPS.column_names) == [*trips, "trip_duration_seconds"]
    fares = columns_of_view(postgres_ddl(), "on_time_fares_15m")
    assert ["taxi_type", *ZONE_FARES_15M.column_names] == ["taxi_type", *fares[1:]]


@pytest.mark.parametrize("table", [TRIPS, ZONE_FARES_15M], ids=lambda table: table.name)
def test_the_source_declares_the_columns_that_both_worlds_have(table: Any, manifest: dict[str, Any]) -> None:
    (source,) = [node for node in own_nodes(manifest, "source") if node["name"] == table.name]
    assert set(source["columns"]) == {"taxi_type", *table.column_names} - {"trip_duration_seconds"}


def test_the_clock_of_each_hour_is_that_of_the_time_zone_database(built: DuckdbMarts) -> None:
    first, last = datetime.fromisoformat("2020-11-29"), datetime.fromisoformat("2022-01-04")
    hours = {first + timedelta(hours=n): 0 for n in range(int((last - first).total_seconds() // 3600) + 1)}
    moment = datetime(2020, 11, 28, tzinfo=UTC)
    while moment < datetime(2022, 1, 6, tzinfo=UTC):
        on_the_clock = moment.astimezone(NEW_YORK).replace(tzinfo=None)
        if on_the_clock in hours:
            hours[on_the_clock] += 1
        moment += timedelta(hours=1)
    expected = [(str(hour), str(times)) for hour, times in hours.items()]
    assert built.rows("select hour_at, real_hours from marts.dim_datetime order by 1") == expected


def test_the_holidays_of_2021_are_those_of_the_citys_calendar(built: DuckdbMarts) -> None:
    found = built.rows(
        "select distinct date_day, holiday_name from marts.dim_datetime"
        " where calendar_year = 2021 and is_holiday order by 1"
    )
    assert [(date.fromisoformat(str(day)).strftime("%d %b"), name) for day, name in found] == [
        ("01 Jan", "New Year's Day"),
        ("18 Jan", "Martin Luther King Jr. Day"),
        ("12 Feb", "Lincoln's Birthday"),
        ("15 Feb", "Presidents' Day"),
        ("31 May", "Memorial Day"),
        ("19 Jun", "Juneteenth"),
        ("04 Jul", "Independence Day"),
        ("06 Sep", "Labor Day"),
        ("11 Oct", "Columbus Day"),
        ("02 Nov", "Election Day"),
        ("11 Nov", "Veterans Day"),
        ("25 Nov", "Thanksgiving Day"),
        ("25 Dec", "Christmas Day"),
    ]


def test_only_264_and_265_were_called_otherwise(built: DuckdbMarts) -> None:
    former = built.rows(
        "select zone_key, borough, zone_name from marts.dim_zones where not is_current order by 1"
    )
    assert former == [("26401", "Unknown", "NV"), ("26501", "Unknown", "NA")]
    assert built.rows("select count(*) from marts.dim_zones where is_current") == [("265",)]


def test_the_picture_shows_what_the_marts_are_made_of_today(manifest: dict[str, Any]) -> None:
    assert (ROOT / "docs" / "lineage.svg").read_text("utf-8") == drawn(manifest) + "\n"


def test_a_trip_of_no_zone_fails_its_mart_and_leaves_it_as_it_was(built: DuckdbMarts) -> None:
    held, before = built.held, built.rows("select count(*), max(pickup_zone_id) from marts.fct_trips")
    nowhere = month_of_trips("2020-12").select("* replace (300::integer as pickup_zone_id)")
    built.hold({**held, "2020-12": nowhere})
    done = finished(built.dbt("run"))
    built.hold(held)
    assert done.returncode == 1
    assert "NOT NULL constraint failed: fct_trips.pickup_zone_key" in done.stdout
    assert built.rows("select count(*), max(pickup_zone_id) from marts.fct_trips") == before


def test_a_changed_month_is_built_without_opening_the_files_of_others(built: DuckdbMarts) -> None:
    held = built.rows("select count(*) from marts.fct_trips where source_month = date '2021-12-01'")
    for file in built.history.files("2021-12"):
        spoil(file)
    built.hold({**built.held, "2020-12": month_of_trips("2020-12", trips=120)})
    run(built.dbt("run"))
    assert built.rows("select source_month, count(*) from marts.fct_trips group by 1 order by 1") == [
        ("2020-12-01", "120"),
        ("2021-12-01", *held[0]),
    ]


def test_a_history_without_files_is_an_error_and_changes_no_mart(built: DuckdbMarts, tmp_path: Path) -> None:
    counts = "select (select count(*) from marts.fct_trips), (select count(*) from marts.agg_zone_day)"
    before = built.rows(counts)
    elsewhere = built.dbt("run")
    environment = {**elsewhere.environment, "PROCESSED_DATA": str(tmp_path)}
    done = finished(replace(elsewhere, environment=environment))
    assert done.returncode == 1
    assert "No files found that match the pattern" in done.stdout
    assert built.rows(counts) == before


def spoil(file: Path) -> None:
    """Make the file unreadable, so that nothing shows from outside."""
    times = file.stat()
    file.write_bytes(b"\0" * times.st_size)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
