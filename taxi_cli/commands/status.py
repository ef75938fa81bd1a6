"""`./taxi status`."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import typer
from rich.table import Table

from stack import lifecycle
from stack.console import output
from stack.endpoints import Endpoints, names_local_stack
from stack.lifecycle import ServiceStatus
from stack.settings import EndpointSettings, StackSettings
from taxi_cli.options import AsJson


def status(as_json: AsJson = False) -> None:
    """Show the health of each service; exit 1 when one is not healthy."""
    statuses = _statuses()
    if as_json:
        sys.stdout.write(json.dumps([asdict(status) for status in statuses], indent=2) + "\n")
    else:
        output().print(_table(statuses))
    if not all(status.healthy for status in statuses):
        raise typer.Exit(1)


def _statuses() -> Sequence[ServiceStatus]:
    given = EndpointSettings.from_environment()
    if names_local_stack(given):
        return lifecycle.statuses(lifecycle.running_site(StackSettings.from_environment()))
    return lifecycle.statuses_of_endpoints(Endpoints.of_platform(*given.addresses, given=given))


def _table(statuses: Iterable[ServiceStatus]) -> Table:
    table = Table("part", "", "process", "says", box=None, padding=(0, 2, 0, 0))
    for status in statuses:
        mark = "[green]healthy[/]" if status.healthy else "[red]not healthy[/]"
        table.add_row(status.name, mark, status.state, status.detail)
    return table
