"""Fixtures of the marts' tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stack.endpoints import Endpoints
from tests.dbt.live_tables import LiveTables
from tests.dbt.worlds import LiveWorld, ProcessedWorld, World

IN_BOTH_WORLDS = (
    pytest.param("duckdb", marks=pytest.mark.unit),
    pytest.param("postgres", marks=pytest.mark.integration),
)


@pytest.fixture(params=IN_BOTH_WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """An empty world without marts."""
    if request.param == "duckdb":
        return ProcessedWorld(tmp_path)
    make: Callable[[], LiveWorld] = request.getfixturevalue("live_world")
    return make()


@pytest.fixture
def live_world(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], LiveWorld]:
    """Makes the stack's Postgres an empty world; only who calls it starts the stack."""

    def make() -> LiveWorld:
        stack: Endpoints = request.getfixturevalue("stack")
        tables = LiveTables(stack.postgres_dsn, tmp_path)
        tables.empty()
        return LiveWorld(tables, tmp_path)

    return make
