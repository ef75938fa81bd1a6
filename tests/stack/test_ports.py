"""Ports: a taken one is an error that helps, a free one is kept."""

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from schemas.errors import UserError
from stack.port_choice import choose_ports
from stack.ports import is_free
from stack.settings import AUTO, DEFAULT_PORTS, ROOT, StackSettings

ANY = dict.fromkeys(DEFAULT_PORTS, AUTO)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_holder_and_the_remedy(taken_port: int) -> None:
    message = rf"port {taken_port} for kafka is in use by .*\(pid {os.getpid()}\); .*set TAXI_KAFKA_PORT"
    with pytest.raises(UserError, match=message):
        choose_ports({**ANY, "kafka": taken_port}, previous=None)


def test_every_service_gets_a_port_of_its_own() -> None:
    ports = asdict(choose_ports(ANY, previous=None))
    assert len(set(ports.values())) == len(ports)
    assert all(is_free(port) for port in ports.values())


def test_the_ports_of_last_time_are_taken_again() -> None:
    previous = choose_ports(ANY, previous=None)
    assert choose_ports(ANY, previous) == previous


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(UserError, match="TAXI_FLINK_PORT=soon is not a port"):
        StackSettings.from_environment({"TAXI_FLINK_PORT": "soon", "TAXI_CACHE_DIR": "/nowhere"})


def test_the_command_tells_of_a_setting_that_makes_no_sense_in_one_line() -> None:
    wrong = {**os.environ, "TAXI_FLINK_PORT": "soon"}
    done = subprocess.run(
        [str(ROOT / "taxi"), "status"], env=wrong, capture_output=True, text=True, check=False
    )
    message = "error: TAXI_FLINK_PORT=soon is not a port; set it to a number up to 65535, or to auto\n"
    assert (done.returncode, done.stderr) == (1, message)
