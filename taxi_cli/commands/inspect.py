"""`./taxi inspect`."""

import typer

from taxi_cli.forwarding import run_producer


def inspect(context: typer.Context) -> None:
    """Print what months contain: rows, valid trips, quarantined trips by rule, columns."""
    run_producer("inspect", context.args, needs_kafka=False)
