"""`./taxi job deploy`: start the job, or another version of it side by side."""

import json
from typing import Annotated

import typer

from control_plane.jobs.places import backend
from control_plane.settings import Backend, flink_backend
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.settings import ROOT
from taxi_cli.commands.job.versions import deploy_side_by_side
from taxi_cli.options import AsJson, DryRun, Name, On, Source


def deploy(  # noqa: PLR0913, PLR0917 - they are the options of a command line
    name: Name = DEFAULT_JOB,
    fresh: Annotated[
        bool, typer.Option(help="Start from the beginning of the topic, without state.")
    ] = False,
    source: Source = ROOT,
    origin: Annotated[
        str, typer.Option("--from", help="Savepoint, checkpoint or snapshot to start from.")
    ] = "",
    side_by_side: Annotated[
        bool,
        typer.Option(
            "--side-by-side",
            help="Blue/green: run the tree as another version, wait until it has caught up, and compare.",
        ),
    ] = False,
    switch: Annotated[
        bool, typer.Option("--switch", help="With --side-by-side: serve it once it has caught up.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="With --side-by-side: build it even if this code is served.")
    ] = False,
    on: On = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Start the job from its newest savepoint or checkpoint; without one, from the topic's start."""
    if side_by_side:
        if fresh or origin or dry_run:
            raise UserError(
                "--side-by-side excludes --fresh, --from and --dry-run",
                "leave them out: the version starts from the beginning of the topic, without state",
            )
        if (on or flink_backend()) is not Backend.LOCAL:
            raise UserError("--side-by-side is only possible on the local stack", "add --on local")
        deploy_side_by_side(name, source, rebuild=rebuild, serve=switch, as_json=as_json)
        return
    if switch or rebuild:
        raise UserError("--switch and --rebuild need --side-by-side", "add it, or leave them out")
    if fresh and origin:
        raise UserError("--fresh and --from exclude each other", "give one of them")
    started = backend(name, on, dry_run=dry_run).deploy(fresh=fresh, source=source.absolute(), origin=origin)
    if as_json:
        print(json.dumps({"job": name, "job_id": started.job_id, "state": started.state}, indent=2))  # noqa: T201 - data for programs
