"""Commands on the releases of a job: its code, jars, settings and plan."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from control_plane.jobs.places import backend
from schemas.jobs import DEFAULT_JOB
from stack.console import output
from stack.settings import ROOT
from taxi_cli.options import AsJson, DryRun, Name, On, Source


def upgrade(
    name: Name = DEFAULT_JOB,
    source: Source = ROOT,
    on: On = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Upgrade the job to the code of this tree by savepoint; exit 1 after a failure and rollback."""
    done = backend(name, on, dry_run=dry_run).upgrade(source.absolute())
    if as_json:
        _print_json(asdict(done) if done else {"job": name, "release": None})
    elif done:
        output().print(
            f"{name} runs release {done.release}, verified after {done.verified_seconds} s"
            f" (down for {done.away_seconds} s of them); to return to release {done.previous_release},"
            f" run ./taxi job rollback {name}",
            highlight=False,
            soft_wrap=True,
        )


def rollback(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """Roll back to the previous release, from the savepoint that the upgrade took."""
    done = backend(name, on).rollback()
    if as_json:
        _print_json(asdict(done))
        return
    again = "the" if done.records_read_again is None else f"the {done.records_read_again:,}"
    output().print(
        f"{name} runs release {done.release} again, from {done.savepoint}: it reads {again} records again"
        f" that release {done.left_release} had read, and its upserts overwrite the same rows",
        highlight=False,
        soft_wrap=True,
    )


def releases(name: Name = DEFAULT_JOB, on: On = None, as_json: AsJson = False) -> None:
    """List the releases of the job, and the savepoints taken from each."""
    rows = backend(name, on).releases()
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("release", "created at", "commit", "state", "newest savepoint"):
        table.add_column(column, overflow="fold")
    for row in rows:
        newest = Path(row.savepoints[-1]).name if row.savepoints else ""
        table.add_row(str(row.release), row.made_at, row.commit, row.state, newest)
    output().print(table)


def prune(
    name: Name = DEFAULT_JOB,
    keep: Annotated[int, typer.Option(help="Number of newest releases that are always kept.", min=1)] = 3,
    dry_run: Annotated[bool, typer.Option(help="Print what would be removed.")] = False,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Remove the releases, savepoints and checkpoints that are no longer needed."""
    gone = backend(name, on).prune(keep=keep, dry_run=dry_run)
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


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201 - data for programs
