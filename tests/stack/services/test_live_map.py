"""The live map as a service of the stack."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from schemas.errors import UserError
from stack import lifecycle
from stack.port_choice import choose_extra_port
from stack.ports import any_free_port
from stack.services import live_map
from stack.services.service import Site
from stack.settings import AUTO, EXTRA_PORTS, StackSettings
from stack.state import Ports, recorded_as_left_out, recorded_extras, write_record
from tests.waiting import wait_for

PORTS = Ports(*range(1, 1 + len(fields(Ports))))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def answer_of(check: Callable[[], str]) -> str:
    """What a service says; empty while it says nothing."""
    try:
        return check()
    except OSError:
        return ""


def settings_of(home: Path, **variables: str) -> StackSettings:
    return StackSettings.from_environment({"TAXI_HOME": str(home), "TAXI_CACHE_DIR": str(home), **variables})


@pytest.mark.unit
def test_a_port_that_was_wished_for_and_is_taken_is_an_error(taken_port: int, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, TAXI_MAP_PORT=str(taken_port))
    movable = "map" in settings.movable_ports
    with pytest.raises(UserError, match=rf"port {taken_port} for map is in use .*set TAXI_MAP_PORT"):
        choose_extra_port("map", settings.extra_ports["map"], None, movable=movable)


@pytest.mark.unit
def test_without_a_wish_a_taken_port_is_left_to_who_has_it(taken_port: int, tmp_path: Path) -> None:
    """Every stack has a map: a second one beside it must not need another setting."""
    assert "map" in settings_of(tmp_path).movable_ports
    assert choose_extra_port("map", taken_port, None, movable=True) != taken_port


@pytest.mark.unit
def test_any_port_may_be_asked_for(tmp_path: Path) -> None:
    assert settings_of(tmp_path, TAXI_MAP_PORT="auto").extra_ports["map"] == AUTO
    with pytest.raises(UserError, match="TAXI_MAP_PORT=soon is not a port"):
        settings_of(tmp_path, TAXI_MAP_PORT="soon")


@pytest.mark.unit
def test_a_map_that_was_left_out_stays_so_and_every_other_stack_has_one(tmp_path: Path) -> None:
    write_record(tmp_path, PORTS, {"airflow": 11}, left_out={"map"})
    assert recorded_as_left_out(tmp_path) == {"map"}
    write_record(tmp_path, PORTS, {"map": 12})
    assert (recorded_as_left_out(tmp_path), recorded_extras(tmp_path)) == (frozenset(), {"map": 12})
    assert lifecycle.STANDARD_EXTRAS <= lifecycle.EXTRAS.keys() == EXTRA_PORTS.keys()


@pytest.mark.integration
def test_the_program_of_the_stack_serves_the_map_while_the_database_is_away(tmp_path: Path) -> None:
    """Nothing waits for it, and it waits for nothing."""
    site = Site(settings_of(tmp_path), PORTS, {live_map.NAME: any_free_port()})
    (service,) = live_map.services(site)
    program = service.prepare()
    server = subprocess.Popen(program.command, cwd=program.directory, env=dict(program.environment))
    try:
        says = wait_for(lambda: answer_of(service.check), what="the map")
        assert says == f"serves http://127.0.0.1:{site.extra_ports[live_map.NAME]}, 0 pages open"
    finally:
        server.terminate()
        assert server.wait(30) in {0, -15}
