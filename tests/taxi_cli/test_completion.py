"""The shell completes verbs, options and benchmarks, and hears nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from schemas.errors import UserError
from stack.settings import ROOT
from taxi_cli import completion
from tests.taxi_cli.command_line import taxi

pytestmark = pytest.mark.unit

EVERYDAY = ["demo", "up", "down", "status", "replay", "job", "sql", "audit"]


def completed(*words: str, home: Path) -> list[str]:
    """What bash is offered for the last word."""
    result = taxi(
        home=home,
        _TAXI_COMPLETE="complete_bash",
        COMP_WORDS="\n".join(("./taxi", *words)),
        COMP_CWORD=str(len(words)),
    )
    assert (result.code, result.stderr) == (0, "")
    return result.stdout.split()


def test_a_verb_is_completed(tmp_path: Path) -> None:
    assert completed("st", home=tmp_path) == ["status"]
    assert completed("", home=tmp_path)[:8] == EVERYDAY
    assert "ledger" not in completed("", home=tmp_path)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("up", "--se"), ["--secure"]),
        (("job", "dep"), ["deploy"]),
        (("job", "deploy", "--from"), ["--from"]),
        (("replay", "--sp"), ["--speedup"]),
        (("generate", "--ro"), ["--rows"]),
        (("bench", "s"), ["stream", "skew"]),
        (("bench", "stream", "--ru"), ["--runs"]),
        (("psql", "--"), []),
    ],
    ids=" ".join,
)
def test_what_comes_behind_a_verb_is_completed(
    words: tuple[str, ...], offered: list[str], tmp_path: Path
) -> None:
    assert completed(*words, home=tmp_path) == offered


@pytest.mark.parametrize(
    ("shell", "installed_at", "program"),
    [
        ("bash", ".bash_completions/taxi.sh", "_TAXI_COMPLETE=complete_bash $1 )"),
        ("zsh", ".zfunc/_taxi", "_TAXI_COMPLETE=complete_zsh ${~words[1]})"),
        ("fish", ".config/fish/completions/taxi.fish", "(commandline -cp) (commandline -opc)[1])"),
    ],
)
def test_the_script_of_a_shell_runs_the_command_as_it_was_typed(
    shell: str,
    installed_at: str,
    program: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(completion, "detect_shell", lambda: (shell, f"/bin/{shell}"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(typer.Exit):
        completion.show(True)
    shown = capsys.readouterr().out
    with pytest.raises(typer.Exit):
        completion.install_for_shell(True)
    assert program in shown
    assert (tmp_path / installed_at).read_text().strip() == shown.strip()


def test_a_shell_that_is_not_served_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "detect_shell", lambda: ("tcsh", "/bin/tcsh"))
    with pytest.raises(UserError, match="the shell is tcsh; completion supports bash, zsh, fish"):
        completion.show(True)


def test_bash_completes_the_launcher_by_its_path(tmp_path: Path) -> None:
    words = """
        eval "$("$1" --show-completion)"
        COMP_WORDS=("$1" job dep) COMP_CWORD=2
        _taxi_completion "$1"
        echo "${COMPREPLY[*]}"
    """
    result = subprocess.run(
        ["bash", "-c", words, "bash", str(ROOT / "taxi")],
        env={**os.environ, "TAXI_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("deploy\n", "")


def test_nothing_is_installed_for_a_shell_that_asks_for_completions(tmp_path: Path) -> None:
    launcher = shutil.copy(ROOT / "taxi", tmp_path / "taxi")
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "_TAXI_COMPLETE": "complete_bash"}
    result = subprocess.run([launcher], env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == [launcher]
