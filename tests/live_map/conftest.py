"""One database for all tests of the map: nothing else of the stack is needed."""

from collections.abc import Iterator

import pytest

from control_plane.sink import table_sets
from tests.live_map.city import NOON, City, map_server
from tests.lone_postgres import lone_postgres


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tables of the platform, empty."""
    with lone_postgres(tmp_path_factory.mktemp("map")) as dsn:
        table_sets.set_up(dsn)
        yield dsn


@pytest.fixture
def city(database: str) -> City:
    """Two hours of green trips, and none of any other type."""
    table_sets.empty(database, table_sets.FIRST_SET)
    city = City(database)
    city.fill("green", NOON)
    return city


@pytest.fixture(scope="session")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A map of that database."""
    with map_server(database, tmp_path_factory.mktemp("server") / "map.log") as url:
        yield url
