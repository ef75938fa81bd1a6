"""Fixtures of the marts' tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stack.endpoints import Endpoints
from tests.dbt.live_tables import LiveTables
from tests.dbt.marts_environments import DuckdbMarts, MartsEnvironment, PostgresMarts

SLOWER = pytest.mark.long("four builds on Postgres; the same on DuckDB is a unit test")
FOR_BOTH_TARGETS = (
    pytest.param("duckdb", marks=pytest.mark.unit),
    pytest.param("postgres", marks=[pytest.mark.integration, SLOWER]),
)


@pytest.fixture(params=FOR_BOTH_TARGETS)
def marts_environment(request: pytest.FixtureRequest, tmp_path: Path) -> MartsEnvironment:
    """An empty world without marts."""
    if request.param == "duckdb":
        return DuckdbMarts(tmp_path)
    make: Callable[[], PostgresMarts] = request.getfixturevalue("postgres_marts")
    return make()


@pytest.fixture
def postgres_marts(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], PostgresMarts]:
    """Makes the stack's Postgres an empty world; only who calls it starts the stack."""

    def make() -> PostgresMarts:
        stack: Endpoints = request.getfixturevalue("stack")
        tables = LiveTables(stack.postgres_dsn, tmp_path)
        tables.empty()
        return PostgresMarts(tables, tmp_path)

    return make
