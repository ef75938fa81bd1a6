"""`./taxi doctor`."""

import typer

from stack.doctor import print_findings
from stack.settings import StackSettings


def doctor() -> None:
    """Check this machine, and print how to fix each problem."""
    if not print_findings(StackSettings.from_environment()):
        raise typer.Exit(1)
