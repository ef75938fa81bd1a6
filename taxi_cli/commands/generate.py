"""`./taxi generate`."""

import typer

from taxi_cli.forwarding import run_producer


def generate(context: typer.Context) -> None:
    """Make synthetic TLC months with the quirks of the real ones; their metadata says what they are."""
    run_producer("generate", context.args, needs_kafka=False)
