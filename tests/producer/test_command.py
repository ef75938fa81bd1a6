"""How a command of the producer ends that nobody meant to end so."""

import pytest

from producer import cli

pytestmark = pytest.mark.unit


def refusal(capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """The exit code of a command line, and what it said."""
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, capsys.readouterr().err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """`inspect` of a file, in which something goes wrong that nobody expects."""

    def fail(*_: object, **_options: object) -> None:
        raise TypeError("two\nlines")

    monkeypatch.setattr(cli, "inspect_files", fail)
    monkeypatch.setattr("sys.argv", ["producer", "inspect", "file"])
    for name in ("TAXI_DEBUG", "TAXI_PROGRAM_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = "error: unexpected error: TypeError: two lines; run with TAXI_DEBUG=1 for the traceback\n"
    assert refusal(capsys) == (1, line)


@pytest.mark.usefixtures("broken")
def test_with_taxi_debug_it_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXI_DEBUG", "1")
    with pytest.raises(TypeError, match="two"):
        cli.main()


@pytest.mark.parametrize(
    ("variables", "program"), [({}, "python -m producer"), ({"TAXI_PROGRAM_NAME": "./taxi"}, "./taxi")]
)
def test_a_wrong_command_line_names_the_program_that_was_called(
    variables: dict[str, str],
    program: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TAXI_PROGRAM_NAME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["producer", "inspect"])
    line = f"error: Missing argument 'FILES'; see {program} inspect --help\n"
    assert refusal(capsys) == (2, line)
