"""`./taxi marts`."""

from typing import Annotated

import typer

from control_plane.marts import build, target_named


def marts(
    target: Annotated[
        str, typer.Option(help="postgres: the live tables; duckdb: the processed history.")
    ] = "postgres",
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Rebuild every month.")] = False,
) -> None:
    """Build the marts, and test them."""
    raise typer.Exit(build(target_named(target), full_refresh=full_refresh))
