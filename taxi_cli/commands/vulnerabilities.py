"""`./taxi vulnerabilities`."""

import typer

from stack.settings import StackSettings
from stack.toolchain.vulnerabilities import print_findings


def vulnerabilities() -> None:
    """List the locked packages and jars with known vulnerabilities; exit 1 for one that is not accepted."""
    if not print_findings(StackSettings.from_environment()):
        raise typer.Exit(1)
