"""`./taxi dbt`."""

import typer

from control_plane.marts import dbt_run
from control_plane.settings import MartsSettings
from taxi_cli.forwarding import replace_process_and_environment


def dbt(context: typer.Context) -> None:
    """Run dbt on the live tables; with --target duckdb, on the processed history."""
    run = dbt_run(context.args, MartsSettings.from_environment())
    replace_process_and_environment(run.command, run.environment)
