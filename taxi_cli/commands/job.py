"""`./taxi job`: the life of the Flink jobs, on the local stack or on AWS' managed service."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from control_plane.jobs.backend import JobBackend
from control_plane.jobs.lifecycle import end, start
from control_plane.jobs.local import LocalJob
from control_plane.jobs.names import known_job
from control_plane.jobs.records import JobRecords
from control_plane.jobs.upgrade import ensure as ensure_it_runs
from control_plane.jobs.versions.versions import exact_name
from control_plane.jobs.wiring import split_version_name
from control_plane.settings import Backend, flink_backend
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack.console import output, print_message
from stack.endpoints import Endpoints
from stack.settings import ROOT
from taxi_cli.commands import job_versions as version_commands

__all__ = ["app", "end", "resume", "start"]

RESTARTED = 3
"""The exit code of `ensure` when it had something to do."""

app = typer.Typer(no_args_is_help=True, help="The life of the Flink jobs.")
for command in (
    version_commands.beside,
    version_commands.switch,
    version_commands.retire,
    version_commands.versions,
):
    app.command()(command)

Name = Annotated[
    str, typer.Argument(help="The job, which is a folder of flink_jobs/; or a version of it: zone_fares-2.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
On = Annotated[Backend | None, typer.Option(help="Where the job runs; the setting FLINK_BACKEND, or local.")]
DryRun = Annotated[bool, typer.Option(help="Print the requests to the managed service; send none.")]
Source = Annotated[
    Path, typer.Option(help="The tree to take the job from: it holds flink_jobs/ and schemas/.")
]


@app.command()
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
    """Start the job: from its newest savepoint or checkpoint where there is one, else from the beginning."""
    if fresh and origin:
        raise UserError("--fresh and --from exclude one another", "give one of them")
    job = _job(name, on, dry_run=dry_run)
    started = job.deploy(fresh=fresh, source=source.absolute(), origin=origin)
    if as_json:
        _print_json({"job": name, "job_id": started.job_id, "state": started.state})


@app.command()
def status(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Say how the job does; exit 1 unless it runs."""
    found = _job(name, on).status()
    if as_json:
        _print_json(asdict(found))
    else:
        for label, value in found.lines():
            output().print(f"{label:<18} {value}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.is_running else 1)


@app.command()
def savepoint(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Have the running job leave a savepoint, which is kept; print its path."""
    path = _job(name, on).savepoint()
    if as_json:
        _print_json({"job": name, "savepoint": path})
    else:
        output().print(path, highlight=False, soft_wrap=True)


@app.command()
def upgrade(
    name: Name = DEFAULT_JOB,
    source: Source = ROOT,
    on: On = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Go over to the code of this tree by savepoint; exit 1 after rolling back what fails."""
    done = _job(name, on, dry_run=dry_run).upgrade(source.absolute())
    if as_json:
        _print_json(asdict(done) if done else {"job": name, "release": None})
    elif done:
        output().print(
            f"{name} runs release {done.release}, verified after {done.verified_seconds} s"
            f" ({done.away_seconds} s of them it did not run); ./taxi job rollback {name} goes back to"
            f" release {done.previous_release}",
            highlight=False,
            soft_wrap=True,
        )


@app.command()
def rollback(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Return to the release before, from the savepoint that the upgrade took."""
    done = _job(name, on).rollback()
    if as_json:
        _print_json(asdict(done))
        return
    again = "the" if done.records_read_again is None else f"the {done.records_read_again:,}"
    output().print(
        f"{name} runs release {done.release} again, from {done.savepoint}: it reads {again} records again"
        f" that release {done.left_release} had read, and its upserts write the same rows over",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def ensure(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Bring a lost job back from its newest state; exit 0 when it was there, 3 when it was not."""
    action = _job(name, on).ensure()
    if as_json:
        _print_json({"job": name, "action": action})
    elif action == "none":
        output().print(f"{name} is there: nothing to do", highlight=False)
    raise typer.Exit(0 if action == "none" else RESTARTED)


@app.command()
def stop(
    name: Name = DEFAULT_JOB,
    savepoint: Annotated[
        bool, typer.Option(help="Leave a savepoint that the next deploy starts from.")
    ] = True,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Stop the job; the next deploy goes on where it stopped."""
    left = _job(name, on).stop(savepoint=savepoint)
    if as_json:
        _print_json({"job": name, "savepoint": left})


@app.command()
def releases(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """List what the job was made of, and the savepoints taken from it."""
    rows = _job(name, on).releases()
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("release", "made at", "commit", "state", "newest savepoint"):
        table.add_column(column, overflow="fold")
    for row in rows:
        newest = Path(row.savepoints[-1]).name if row.savepoints else ""
        table.add_row(str(row.release), row.made_at, row.commit, row.state, newest)
    output().print(table)


@app.command()
def package(
    to: Annotated[Path, typer.Option(help="Where to write the zip.")],
    source: Source = ROOT,
) -> None:
    """Write the code zip that an application of the managed service is made of."""
    from control_plane.delivery.flink_zip import write_package  # noqa: PLC0415 - only this command needs it

    write_package(to.absolute(), source.absolute())
    size = _megabytes(to.stat().st_size)
    output().print(f"{to}, {size}: upload it as MANAGED_FLINK_CODE_KEY", highlight=False, soft_wrap=True)


@app.command()
def prune(
    name: Name = DEFAULT_JOB,
    keep: Annotated[int, typer.Option(help="How many of the newest releases stay in any case.", min=1)] = 3,
    dry_run: Annotated[bool, typer.Option(help="Only say what would go.")] = False,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Remove the releases, savepoints and checkpoints that nothing needs any more."""
    gone = _job(name, on).prune(keep=keep, dry_run=dry_run)
    if as_json:
        _print_json([asdict(one) for one in gone])
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("kind", "name", "frees"):
        table.add_column(column, overflow="fold", justify="right" if column == "frees" else "left")
    for one in gone:
        table.add_row(one.kind, one.name, "" if one.size_bytes is None else _megabytes(one.size_bytes))
    if gone:
        output().print(table)
    sizes = [one.size_bytes for one in gone if one.size_bytes is not None]
    total = f", {_megabytes(sum(sizes))}" if sizes else ""
    verb = "would be removed" if dry_run else "removed"
    output().print(f"{len(gone)} {verb}{total}" if gone else "nothing to remove", highlight=False)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"


def resume(endpoints: Endpoints) -> None:
    """Bring back the jobs that were not stopped on purpose: the cluster forgets them when it goes down."""
    for name in JobRecords(endpoints.home).wanted():
        ensure_it_runs(endpoints, name)


def _job(name: str, on: Backend | None, *, dry_run: bool = False) -> JobBackend:
    """The job where it runs; raises UserError for one that there is not."""
    if (on or flink_backend()) is Backend.MANAGED_FLINK:
        from control_plane.jobs.managed.job import ManagedJob  # noqa: PLC0415 - boto3 is slow to import

        known_job(name)
        return ManagedJob.of_environment(name, dry_run=dry_run)
    if dry_run:
        raise UserError(
            "--dry-run prints the requests to the managed service", "add --on managed-flink, or leave it out"
        )
    known_job(split_version_name(name)[0])
    endpoints = Endpoints.of_running_stack()
    return LocalJob(endpoints, _exact(endpoints, name))


def _exact(endpoints: Endpoints, name: str) -> str:
    """The name of the version that is meant, as dashboard and records have it."""
    exact = exact_name(endpoints, name)
    if exact == split_version_name(name)[0] != name:
        print_message(f"{name} is the first version, which is called {exact} in the dashboard and below")
    return exact


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201 - data for programs
