"""`./taxi fetch`."""

import typer

from taxi_cli.forwarding import run_producer


def fetch(context: typer.Context) -> None:
    """Fetch TLC months from TLC_DATA_DIR, the cache, or the TLC's public download."""
    run_producer("fetch", context.args, needs_kafka=False)
