"""Commands on the running job."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from control_plane.jobs.places import backend
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.console import output
from stack.settings import ROOT
from taxi_cli.options import AsJson, DryRun, Name, On, Source

RESTARTED = 3
"""The exit code of `ensure` after it has restarted a job."""


def deploy(  # noqa: PLR0913, PLR0917 - they are the options of a command line
    name: Name = DEFAULT_JOB,
    fresh: Annotated[
        bool, typer.Option(help="Start at the beginning of the topic, without any state.")
    ] = False,
    source: Source = ROOT,
    origin: Annotated[
        str, typer.Option("--from", help="The savepoint, checkpoint or snapshot to start from.")
    ] = "",
    on: On = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Start the job from its newest savepoint or checkpoint; without one, from the topic's start."""
    if fresh and origin:
        raise UserError("--fresh and --from exclude one another", "give one of them")
    job = backend(name, on, dry_run=dry_run)
    started = job.deploy(fresh=fresh, source=source.absolute(), origin=origin)
    if as_json:
        _print_json({"job": name, "job_id": started.job_id, "state": started.state})


def status(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Say how the job does; exit 1 unless it runs."""
    found = backend(name, on).status()
    if as_json:
        _print_json(asdict(found))
    else:
        for label, value in found.lines():
            output().print(f"{label:<18} {value}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.is_running else 1)


def ensure(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Bring a lost job back from its newest state; exit 0 when it was there, 3 when it was not."""
    action = backend(name, on).ensure()
    if as_json:
        _print_json({"job": name, "action": action})
    elif action == "none":
        output().print(f"{name} is there: nothing to do", highlight=False)
    raise typer.Exit(0 if action == "none" else RESTARTED)


def savepoint(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Have the running job leave a savepoint, which is kept; print its path."""
    path = backend(name, on).savepoint()
    if as_json:
        _print_json({"job": name, "savepoint": path})
    else:
        output().print(path, highlight=False, soft_wrap=True)


def stop(
    name: Name = DEFAULT_JOB,
    savepoint: Annotated[
        bool, typer.Option(help="Leave a savepoint that the next deploy starts from.")
    ] = True,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Stop the job; the next deploy goes on where it stopped."""
    left = backend(name, on).stop(savepoint=savepoint)
    if as_json:
        _print_json({"job": name, "savepoint": left})


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201 - data for programs
