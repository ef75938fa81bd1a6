"""`./taxi up`."""

from contextlib import suppress
from pkgutil import resolve_name
from typing import Annotated

import typer
from rich.table import Table

from control_plane import start
from control_plane.jobs.records import JobRecords
from schemas.errors import UserError
from stack import lifecycle
from stack.console import output
from stack.endpoints import Endpoints
from stack.settings import StackSettings

RESUME = "control_plane.jobs.upgrade:resume"
"""Imported only for a stack that had jobs: it loads Flink's client."""


def up(
    secure: Annotated[
        bool, typer.Option("--secure", help="With TLS, passwords and ACLs; permanent until --purge.")
    ] = False,
    extras: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="Also start airflow or s3. Later starts repeat it; the live map is on by default.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    left_out: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            help="Stop this optional service, and do not start it again.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="With every optional service.")] = False,
) -> None:
    """Start the local stack: Kafka, schema registry, Flink, Postgres, live map."""
    if left_out:
        lifecycle.leave_out(StackSettings.from_environment(), left_out)
    try:
        endpoints = start.up(extras=[*lifecycle.EXTRAS] if everything else extras or [], secure=secure)
        if JobRecords(endpoints.home).wanted():
            resolve_name(RESUME)(endpoints)
    except (UserError, KeyboardInterrupt):
        print_addresses_of_what_runs()
        raise
    print_addresses(endpoints)


def print_addresses_of_what_runs() -> None:
    """Print the addresses after an `up` that failed or was interrupted: a slow service may still start."""
    with suppress(UserError):
        print_addresses(Endpoints.of_running_stack())


def print_addresses(endpoints: Endpoints) -> None:
    """Print the addresses of all services."""
    table = Table.grid(padding=(0, 2))
    table.add_row("Flink dashboard", endpoints.flink_rest_url)
    table.add_row("schema registry", endpoints.schema_registry_url)
    table.add_row("Kafka", endpoints.kafka_bootstrap_servers)
    table.add_row("Postgres", endpoints.postgres_dsn)
    table.add_row("metrics", f"http://{endpoints.metrics.platform}/metrics")
    for variable, address in endpoints.extras.items():
        table.add_row(variable.partition("_")[0].capitalize(), address)
    output().print(table)
