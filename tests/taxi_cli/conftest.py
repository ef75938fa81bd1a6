"""The command without a process of its own, for what it does not hand on to other programs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from taxi_cli.main import app, run
from tests.taxi_cli.command_line import WIDE, Result

InProcess = Callable[..., Result]


@pytest.fixture
def taxi_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> InProcess:
    """`./taxi …` in a home without a stack."""
    for name, value in {**WIDE, "TAXI_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TAXI_DEBUG", raising=False)

    def here(*arguments: str) -> Result:
        monkeypatch.setattr("sys.argv", ["taxi", *arguments])
        code = run(app, "./taxi")
        return Result(code, *capsys.readouterr())

    return here
