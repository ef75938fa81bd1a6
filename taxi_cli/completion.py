"""Command line completion in bash, zsh and fish, for the name `taxi` and every path to it."""

import typer
from shellingham import ShellDetectionFailure, detect_shell
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script, install

from schemas.errors import UserError

PROGRAM = "taxi"
VARIABLE = "_TAXI_COMPLETE"
"""Set by the shell when it asks for completions; the launcher reads it too."""

SHELLS = ("bash", "zsh", "fish")
BY_NAME_AND_AS_TYPED = {
    "zsh": ("complete_zsh taxi", "complete_zsh ${~words[1]}"),
    "fish": ("(commandline -cp) taxi", "(commandline -cp) (commandline -opc)[1]"),
}
"""Completion commands by shell: typer's scripts run the bare name, which is not on the PATH; bash already
passes the name as typed."""


def enable() -> None:
    """Let this process answer a shell that asks for completions."""
    completion_init()


def show(wanted: bool) -> None:
    """Print the script of the caller's shell, and exit."""
    if wanted:
        shell = _shell()
        script = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell)
        typer.echo(_as_typed(script, shell))
        raise typer.Exit


def install_for_shell(wanted: bool) -> None:
    """Install the script where the caller's shell reads it, and exit."""
    if wanted:
        shell, path = install(shell=_shell(), prog_name=PROGRAM, complete_var=VARIABLE)
        path.write_text(_as_typed(path.read_text(), shell))
        typer.echo(f"installed completion of ./taxi for {shell} in {path}; open a new terminal")
        raise typer.Exit


def _as_typed(script: str, shell: str) -> str:
    by_name, as_typed = BY_NAME_AND_AS_TYPED.get(shell, ("", ""))
    return script.replace(by_name, as_typed)


def _shell() -> str:
    try:
        shell, _ = detect_shell()
    except ShellDetectionFailure:
        shell = "unknown"
    if shell not in SHELLS:
        raise UserError(f"the shell is {shell}", f"completion supports {', '.join(SHELLS)}")
    return str(shell)
