"""Commands on the running job."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from control_plane.jobs.places import backend
from schemas.jobs import DEFAULT_JOB
from stack.console import output
from taxi_cli.options import AsJson, Name, On

RESTARTED = 3
"""The exit code of `ensure` after it has restarted a job."""


def status(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Show the health of the job; exit 1 unless it runs."""
    found = backend(name, on).status()
    if as_json:
        _print_json(asdict(found))
    else:
        for label, value in found.lines():
            output().print(f"{label:<18} {value}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.is_running else 1)


def ensure(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Restart the job from its newest state if it is gone; exit 0 if it was not, 3 if it was."""
    action = backend(name, on).ensure()
    if as_json:
        _print_json({"job": name, "action": action})
    elif action == "none":
        output().print(f"{name} is on the cluster: nothing to do", highlight=False)
    raise typer.Exit(0 if action == "none" else RESTARTED)


def savepoint(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Take a savepoint of the running job, which is kept; print its path."""
    path = backend(name, on).savepoint()
    if as_json:
        _print_json({"job": name, "savepoint": path})
    else:
        output().print(path, highlight=False, soft_wrap=True)


def stop(
    name: Name = DEFAULT_JOB,
    savepoint: Annotated[
        bool, typer.Option(help="Take a savepoint that the next deploy starts from.")
    ] = True,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Stop the job; the next deploy resumes where it stopped."""
    left = backend(name, on).stop(savepoint=savepoint)
    if as_json:
        _print_json({"job": name, "savepoint": left})


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201 - data for programs
