"""A failed command says one line, and its exit code says of which kind the failure is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from schemas.errors import UserError
from stack.settings import ROOT
from taxi_cli.main import run
from tests.taxi_cli.command_line import taxi
from tests.taxi_cli.conftest import InProcess

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("statsu",), "error: No such command 'statsu'. Did you mean 'status'?; see ./taxi --help"),
        (("nothing",), "error: No such command 'nothing'; see ./taxi --help"),
        (("bench", "nope"), "error: No such command 'nope'; see ./taxi bench --help"),
        (
            ("bench", "strem"),
            "error: No such command 'strem'. Did you mean 'stream'?; see ./taxi bench --help",
        ),
        (("job", "nope"), "error: No such command 'nope'; see ./taxi job --help"),
        (("up", "--nope"), "error: No such option: --nope; see ./taxi up --help"),
        (("sql",), "error: Missing argument 'STATEMENT'; see ./taxi sql --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_command_line_ends_with_2(
    arguments: tuple[str, ...], line: str, taxi_here: InProcess
) -> None:
    result = taxi_here(*arguments)
    assert (result.code, result.the_one_line) == (2, line)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("inspect", "--wxyz"), "error: No such option: --wxyz; see ./taxi inspect --help"),
        (("inspect",), "error: Missing argument 'FILES'; see ./taxi inspect --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_producer_refuses_a_wrong_command_line_likewise(
    arguments: tuple[str, ...], line: str, tmp_path: Path
) -> None:
    result = taxi(*arguments, home=tmp_path)
    assert (result.code, result.the_one_line) == (2, line)


@pytest.mark.parametrize("arguments", [("env",), ("status",), ("sql", "select 1"), ("replay", "x")])
def test_what_the_caller_can_put_right_ends_with_1(arguments: tuple[str, ...], taxi_here: InProcess) -> None:
    result = taxi_here(*arguments)
    line = "error: the stack is not running; start it with ./taxi up"
    assert (result.code, result.the_one_line) == (1, line)


@pytest.mark.parametrize("verb", ["demo", "up", "down", "reset", "airflow", "env", "logs", "drill"])
def test_what_needs_a_local_stack_says_so_where_other_endpoints_are_given(
    verb: str, taxi_here: InProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTGRES_DSN", "postgresql://taxi@db.example/taxi")
    result = taxi_here(verb)
    line = (
        f"error: ./taxi {verb} is for the local stack, but POSTGRES_DSN gives other endpoints;"
        f" unset POSTGRES_DSN to use the local stack of {tmp_path}"
    )
    assert (result.code, result.the_one_line) == (1, line)


def program_that_raises(error: BaseException) -> typer.Typer:
    """A program with one command that fails."""
    program = typer.Typer()

    @program.command()
    def fail() -> None:
        raise error

    return program


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("no disk", "free some"), 1, "error: no disk; free some"),
        (
            TypeError("a\nb"),
            1,
            "error: unexpected error: TypeError: a b; run with TAXI_DEBUG=1 for the traceback",
        ),
        (typer.Abort(), 1, "error: aborted"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Exit(3), 3, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_error_has_its_exit_code_and_at_most_one_line(
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["taxi"])
    monkeypatch.delenv("TAXI_DEBUG", raising=False)
    assert run(program_that_raises(error), "./taxi") == code
    assert capsys.readouterr().err.strip() == line


def test_a_folder_of_another_user_is_named_with_who_must_own_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["taxi"])
    monkeypatch.delenv("TAXI_DEBUG", raising=False)
    error = PermissionError(13, "Permission denied", "/clone/.taxi/build")
    assert run(program_that_raises(error), "./taxi") == 1
    said = capsys.readouterr().err
    assert said.startswith("error: /clone/.taxi/build: Permission denied; ./taxi writes in its own clone")
    assert "unexpected" not in said


def test_with_taxi_debug_an_unexpected_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["taxi"])
    monkeypatch.setenv("TAXI_DEBUG", "1")
    with pytest.raises(TypeError, match="wrong"):
        run(program_that_raises(TypeError("wrong")), "./taxi")


def test_ctrl_c_ends_a_command_with_130_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "kafka.log").write_text("started\n")
    command = [sys.executable, "-u", "-P", "-m", "taxi_cli", "logs", "kafka", "--follow"]
    environment = {"PYTHONPATH": str(ROOT), "TAXI_HOME": str(tmp_path), "TAXI_CACHE_DIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as logs:
        assert logs.stdout is not None
        assert logs.stdout.readline() == "started\n"
        logs.send_signal(signal.SIGINT)
        _, stderr = logs.communicate()
    assert (logs.returncode, stderr) == (130, "")
