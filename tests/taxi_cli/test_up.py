"""What `up` prints when it does not come to its end."""

from dataclasses import fields
from pathlib import Path

import pytest

from control_plane import start
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.state import Ports
from taxi_cli.commands import up

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("end", [UserError("airflow-scheduler is not healthy"), KeyboardInterrupt()])
def test_the_address_of_a_service_that_is_slow_is_printed_all_the_same(
    end: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = Ports(**{field.name: number for number, field in enumerate(fields(Ports), start=1)})
    known = Endpoints.of_ports(ports, Path("/home"), {"airflow": 8080})

    def fail(**_: object) -> Endpoints:
        raise end

    monkeypatch.setattr(start, "up", fail)
    monkeypatch.setattr(Endpoints, "of_running_stack", lambda: known)
    with pytest.raises(type(end)):
        up.up(secure=False, extras=["airflow"], left_out=None, everything=False)
    assert "http://127.0.0.1:8080" in capsys.readouterr().out
