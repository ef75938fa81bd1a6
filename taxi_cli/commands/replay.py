"""`./taxi replay`."""

import typer

from taxi_cli.forwarding import run_producer


def replay(context: typer.Context) -> None:
    """Publish months in event order, at any speed; resume after an interruption."""
    run_producer("replay", context.args, needs_kafka="--dry-run" not in context.args)
