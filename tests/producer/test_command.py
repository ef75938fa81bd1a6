"""How a command of the producer ends that nobody meant to end so."""

import errno

import pytest

from producer import cli
from producer.settings import ProducerSettings
from schemas.errors import UserError
from stack.settings import folder_setting

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


@pytest.mark.parametrize("folder", ["~/of mine", "relative", "/whole"])
def test_a_folder_setting_is_one_folder_for_all_programs(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("TAXI_CACHE_DIR", folder)
    assert ProducerSettings.from_environment().taxi_cache_dir == folder_setting(folder, default=None)


def test_the_home_of_an_unknown_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXI_CACHE_DIR", "~nobody-has-this-name/cache")
    with pytest.raises(UserError, match="nobody-has-this-name"):
        ProducerSettings.from_environment()
    with pytest.raises(UserError, match="no user of this name"):
        folder_setting("~nobody-has-this-name/cache", default=None)


def test_a_full_disk_behind_the_output_is_no_unexpected_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli, "inspect_files", fail)
    monkeypatch.setattr("sys.argv", ["producer", "inspect", "file"])
    assert refusal(capsys) == (
        1,
        "error: the output: no space left on the disk; make space and run it again\n",
    )
