"""`./taxi job`: the life of the Flink jobs on the local stack."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from stack import version_commands
from stack.console import output
from stack.endpoints import Endpoints
from stack.errors import UserError
from stack.job_life import JobSite, end, say, start, take_savepoint
from stack.job_names import known_job
from stack.job_record import JobRecords
from stack.job_status import JobStatus, unreachable
from stack.releases import Release
from stack.settings import ROOT
from stack.upgrade import ensure as ensure_it_runs
from stack.upgrade import rollback as go_back
from stack.upgrade import upgrade as go_over
from stack.versions import exact_name
from stack.wiring import parted

__all__ = ["app", "end", "resume", "start"]

BROUGHT_BACK = 3
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
Source = Annotated[
    Path, typer.Option(help="The tree to take the job from: it holds flink_jobs/ and schemas/.")
]


@app.command()
def deploy(
    name: Name = "zone_fares",
    fresh: Annotated[
        bool, typer.Option(help="Start at the beginning of the topic, without any state.")
    ] = False,
    source: Source = ROOT,
    origin: Annotated[
        Path | None, typer.Option("--from", help="The savepoint or checkpoint to start from.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start the job: from its newest savepoint or checkpoint where there is one, else from the beginning."""
    if fresh and origin:
        raise UserError("--fresh and --from exclude one another", "give one of them")
    name = _known(name)
    started = start(Endpoints.of_running_stack(), name, fresh=fresh, source=source.absolute(), origin=origin)
    if as_json:
        _print_json({"job": name, "job_id": started.job_id, "state": started.state})


@app.command()
def status(name: Name = "zone_fares", as_json: AsJson = False) -> None:
    """Say how the job does; exit 1 unless it runs."""
    name = _known(name)
    found = _status(JobSite.of(Endpoints.of_running_stack(), name))
    if as_json:
        _print_json(asdict(found))
    else:
        for label, value in found.lines():
            output().print(f"{label:<18} {value}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.is_running else 1)


@app.command()
def savepoint(name: Name = "zone_fares", as_json: AsJson = False) -> None:
    """Have the running job leave a savepoint, which is kept; print its path."""
    name = _known(name)
    path = str(take_savepoint(Endpoints.of_running_stack(), name))
    if as_json:
        _print_json({"job": name, "savepoint": path})
    else:
        output().print(path, highlight=False, soft_wrap=True)


@app.command()
def upgrade(name: Name = "zone_fares", source: Source = ROOT, as_json: AsJson = False) -> None:
    """Go over to the code of this tree by savepoint; exit 1 after rolling back what fails."""
    name = _known(name)
    done = go_over(Endpoints.of_running_stack(), name, source.absolute())
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
def rollback(name: Name = "zone_fares", as_json: AsJson = False) -> None:
    """Return to the release before, from the savepoint that the upgrade took."""
    name = _known(name)
    done = go_back(Endpoints.of_running_stack(), name)
    if as_json:
        _print_json(asdict(done))
        return
    output().print(
        f"{name} runs release {done.release} again, from {done.savepoint}: it reads the"
        f" {done.records_read_again:,} records again that release {done.left_release} had read, and its"
        " upserts write the same rows over",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def ensure(name: Name = "zone_fares", as_json: AsJson = False) -> None:
    """Bring a lost job back from its newest state; exit 0 when it was there, 3 when it was not."""
    name = _known(name)
    action = ensure_it_runs(Endpoints.of_running_stack(), name)
    if as_json:
        _print_json({"job": name, "action": action})
    elif action == "none":
        output().print(f"{name} is there: nothing to do", highlight=False)
    raise typer.Exit(0 if action == "none" else BROUGHT_BACK)


@app.command()
def stop(
    name: Name = "zone_fares",
    savepoint: Annotated[
        bool, typer.Option(help="Leave a savepoint that the next deploy starts from.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Stop the job; the next deploy goes on where it stopped."""
    name = _known(name)
    left = end(Endpoints.of_running_stack(), name, savepoint=savepoint)
    if as_json:
        _print_json({"job": name, "savepoint": left})


@app.command()
def releases(name: Name = "zone_fares", as_json: AsJson = False) -> None:
    """List what the job was made of, and the savepoints taken from it."""
    name = _known(name)
    site = JobSite.of(Endpoints.of_running_stack(), name)
    live = _status(site).state
    rows = [_release_row(site, release, live) for release in site.releases.all()]
    if as_json:
        _print_json(rows)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("release", "made at", "commit", "state", "newest savepoint"):
        table.add_column(column, overflow="fold")
    for row in rows:
        newest = Path(row["savepoints"][-1]).name if row["savepoints"] else ""
        table.add_row(str(row["release"]), row["made_at"], row["commit"], row["state"], newest)
    output().print(table)


def resume(endpoints: Endpoints) -> None:
    """Bring back the jobs that were not stopped on purpose: the cluster forgets them when it goes down."""
    for name in JobRecords(endpoints.home).wanted():
        ensure_it_runs(endpoints, name)


def _status(site: JobSite) -> JobStatus:
    try:
        return site.status()
    except UserError as failure:
        return unreachable(site.name, failure.message)


def _release_row(site: JobSite, release: Release, live: str) -> dict[str, Any]:
    is_last = site.records.read(site.name).release == release.number
    return {
        "release": release.number,
        "made_at": release.manifest.made_at,
        "commit": release.manifest.commit,
        "state": live if is_last else release.outcome,
        "savepoints": [str(path) for path in site.records.savepoints(site.name, release.number)],
        "folder": str(release.folder),
    }


def _known(name: str) -> str:
    """The name of the version that is meant, as dashboard and records have it; refuses what there is not."""
    known_job(parted(name)[0])
    exact = exact_name(Endpoints.of_running_stack(), name)
    if exact == parted(name)[0] != name:
        say(f"{name} is the first version, which is called {exact} in the dashboard and below")
    return exact


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201 - data for programs
