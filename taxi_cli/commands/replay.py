"""`./taxi replay`."""

import typer

from taxi_cli.forwarding import run_producer


def replay(context: typer.Context) -> None:
    """Publish months as they happened, at any speed; resumes after a kill."""
    run_producer("replay", context.args, needs_kafka="--dry-run" not in context.args)
