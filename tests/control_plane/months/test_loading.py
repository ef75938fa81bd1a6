"""Processed months in a schema of Postgres, also those that an earlier version of the code has written."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from control_plane.months import loading
from control_plane.sink import table_sets
from producer.fetching.object_store import open_store
from schemas.processed import QUARANTINED, TABLES, TRIPS, ProcessedTable
from schemas.tlc_month import parse_month
from stack import database
from stack.endpoints import Endpoints
from tests.dbt.synthetic_trips import month_of_trips, windows_of

pytestmark = pytest.mark.integration

MONTH = parse_month("green", "2024-01")
SCHEMA = "taxi_loading_test"
LATER_COLUMN = "cbd_congestion_fee_cents"


@pytest.fixture
def dsn(stack: Endpoints) -> Iterator[str]:
    """The database, without what a test has loaded."""
    yield stack.postgres_dsn
    table_sets.drop(stack.postgres_dsn, SCHEMA)


def write(table: ProcessedTable, rows: duckdb.DuckDBPyRelation, history: Path, *, without: str = "") -> None:
    """A table of the month, as Spark writes it; nulls for what the rows do not have."""
    folder = history / table.folder(MONTH.taxi_type, MONTH.first_day)
    folder.mkdir(parents=True)
    columns = (
        f"cast({name if name in rows.columns else 'null'} as {kind}) as {name}"
        for name, kind in table.columns
        if name != without
    )
    rows.project(", ".join(columns)).write_parquet(str(folder / "part-0.parquet"))


@pytest.mark.parametrize(
    "without", ["", LATER_COLUMN], ids=["as written today", "written before a column came"]
)
def test_a_month_is_loaded_whole(dsn: str, tmp_path: Path, without: str) -> None:
    trips = month_of_trips("2024-01", trips=50).project(f"* replace (75::bigint as {LATER_COLUMN})")
    rows = {TRIPS: trips, QUARANTINED: trips.limit(3).project("*, ['missing_field'] as rules")}
    history = tmp_path / "no [pattern] *"
    for table in TABLES:
        write(table, rows.get(table, windows_of(trips)), history, without=without)
    loading.load(dsn, SCHEMA, open_store(str(history)), [MONTH])
    found = f"select count(*), sum(fare_amount_cents), count({LATER_COLUMN}) from {SCHEMA}.trips"
    (fares,) = trips.sum("fare_amount_cents").fetchall()
    assert database.query(dsn, found).rows == [(50, fares[0], 0 if without else 50)]
    rules = f"select count(*), min(rules::text) from {SCHEMA}.quarantined_trips"
    assert database.query(dsn, rules).rows == [(3, "{missing_field}")]
