"""One real stack for all integration tests: started when the first asks for it, ended with the session."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from control_plane import start
from control_plane.sink import table_sets
from stack import database, lifecycle
from stack.endpoints import Endpoints, Metrics
from stack.locks import file_lock
from stack.settings import ADDRESSES, AUTO, DEFAULT_PORTS, EXTRA_PORTS, StackSettings
from tests.platform import Platform
from tests.waiting import homes

# How long an example takes is the machine's business.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """Run in a zone whose nights have 23 hours, or 25: no result may depend on that of the host.

    Nor on the endpoints of the person's shell.
    """
    _live_in_new_york()
    for name in ADDRESSES:
        os.environ.pop(name, None)


def _live_in_new_york() -> None:
    os.environ.update({"TZ": "America/New_York", "PGTZ": "America/New_York"})
    time.tzset()


@pytest.fixture(autouse=True)
def _zone_of_the_tests() -> Iterator[None]:
    """Leave the zone of a program that a test ran in this process."""
    yield
    if os.environ.get("TZ") != "America/New_York":
        _live_in_new_york()


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Name each collected test that `make test` leaves out, with the reason."""
    left_out = [(item.nodeid, item.get_closest_marker("long")) for item in items]
    return [f"{test}: {marker.args[0]}" for test, marker in left_out if marker]


@pytest.fixture(scope="session", autouse=True)
def _obedient_children() -> None:
    """A shell has its background jobs ignore SIGINT, and they what they start: tests send it all the same."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def stack_settings() -> StackSettings:
    """A home and ports of the tests' own, beside a stack that a person may have running; one a pytest worker.

    Two test sessions at once need two homes: TAXI_TEST_HOME moves one.
    """
    return replace(
        StackSettings.from_environment({"TAXI_CACHE_DIR": str(StackSettings.from_environment().cache)}),
        home=homes() / os.environ.get("PYTEST_XDIST_WORKER", "gw0"),
        ports=dict.fromkeys(DEFAULT_PORTS, AUTO),
        extra_ports=dict.fromkeys(EXTRA_PORTS, AUTO),
    )


@pytest.fixture(scope="session")
def stack(stack_settings: StackSettings) -> Iterator[Endpoints]:
    """Kafka, registry, Flink and Postgres, empty; only Postgres where TAXI_TEST_POSTGRES names a database."""
    if dsn := os.environ.get("TAXI_TEST_POSTGRES"):
        yield _database_alone(dsn, stack_settings.home)
        return
    # Two sessions in one home would purge each other's data.
    lock = stack_settings.home.with_suffix(".lock")
    with file_lock(lock, "another test session has the stack; waiting for it"):
        lifecycle.down(stack_settings, purge=True)  # what a killed session left
        try:
            yield start.up(stack_settings)
        finally:
            lifecycle.down(stack_settings, purge=True)


def _database_alone(dsn: str, home: Path) -> Endpoints:
    """Our tables, up to date, in this database of the tests' own: for tests that need no more of a stack."""
    server, _, name = dsn.rpartition("/")
    database.create(f"{server}/postgres", name)
    table_sets.set_up(dsn, table_sets.FIRST_SET)
    return Endpoints("", "", "", dsn, Metrics("", "", ""), home)


@pytest.fixture(scope="session")
def stack_environment(stack: Endpoints, stack_settings: StackSettings) -> dict[str, str]:
    """The variables that point `./taxi` and every program of the platform at the tests' stack."""
    return {"TAXI_HOME": str(stack_settings.home), **stack.as_environment()}


@pytest.fixture
def platform(stack: Endpoints) -> Platform:
    """The shared stack with an empty topic, empty tables and a fresh job."""
    return Platform.fresh(stack)
