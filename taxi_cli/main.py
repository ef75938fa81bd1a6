"""The `taxi` command."""

import errno
import os
import sys
from typing import Annotated

import typer

from schemas.errors import UserError
from schemas.time_zone import keep_utc
from stack.settings import folder_setting, wants_debug
from stack.terminal import print_in_any_encoding, visible
from stack.toolchain import certificates
from stack.toolchain.environments import BootstrapError
from taxi_cli import completion
from taxi_cli.commands.registry import VERBS
from taxi_cli.verbs import VerbGroup

FAILED, INTERRUPTED = 1, 130
FOREIGN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


class TaxiVerbs(VerbGroup):
    """The verbs of the registry as commands."""

    verbs = VERBS


app = typer.Typer(cls=TaxiVerbs, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def taxi(
    install_completion: Annotated[
        bool,
        typer.Option(
            "--install-completion",
            callback=completion.install_for_shell,
            is_eager=True,
            help="Install completion for this shell: bash, zsh or fish.",
        ),
    ] = False,
    show_completion: Annotated[
        bool,
        typer.Option(
            "--show-completion",
            callback=completion.show,
            is_eager=True,
            help="Print the completion script.",
        ),
    ] = False,
) -> None:
    """Operate the real-time NYC taxi data platform."""


def main() -> None:
    """Run `./taxi`."""
    keep_utc()
    print_in_any_encoding()
    try:
        certificates.apply(os.environ, folder_setting(os.environ.get("TAXI_CACHE_DIR"), default=None))
    except (certificates.CertificateError, UserError, OSError) as error:
        sys.exit(_failed(_message(error)))
    sys.exit(run(app, "./taxi"))


def run(program: typer.Typer, name: str) -> int:
    """Run a command line; return its exit code, after one line on stderr if it failed."""
    completion.enable()
    try:
        code = program(prog_name=name, complete_var=completion.VARIABLE, standalone_mode=False)
    except typer.TyperException as error:
        return _refused(error)
    except typer.Abort:
        return _failed("aborted")
    except Exception as error:
        if wants_debug():
            raise
        return _failed(_message(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _refused(error: typer.TyperException) -> int:
    """Print what is wrong with the command line; without a message, help has been printed instead."""
    if message := " ".join(error.format_message().split()):
        context = getattr(error, "ctx", None)
        _failed(f"{message.rstrip('.')}; see {context.command_path} --help" if context else message)
    return error.exit_code


def _message(error: Exception) -> str:
    if isinstance(error, UserError | BootstrapError | certificates.CertificateError):
        return str(error)
    if isinstance(error, OSError) and error.filename and error.errno in FOREIGN:
        return (
            f"{error.filename}: {error.strerror}; ./taxi writes in its own clone, in TAXI_HOME and in"
            " TAXI_CACHE_DIR, which must belong to the user who runs it"
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.filename or 'the output'}: no space left on the disk; make space and run it again"
    what = f"unexpected error: {type(error).__name__}: {error}"
    return f"{' '.join(what.split())}; run with TAXI_DEBUG=1 for the traceback"


def _failed(message: str) -> int:
    typer.echo(f"error: {visible(message)}", err=True)
    return FAILED
