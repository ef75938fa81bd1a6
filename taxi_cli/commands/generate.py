"""`./taxi generate`."""

import typer

from taxi_cli.forwarding import run_producer


def generate(context: typer.Context) -> None:
    """Generate synthetic TLC months with the anomalies of real ones; metadata marks them as synthetic."""
    run_producer("generate", context.args, needs_kafka=False)
