"""Commands on versions of a job that run side by side."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from control_plane.jobs.names import known_job
from control_plane.jobs.versions.catching_up import await_caught_up
from control_plane.jobs.versions.comparison import Difference, as_table, compare
from control_plane.jobs.versions.switching import retire as end_version
from control_plane.jobs.versions.switching import start_side_by_side
from control_plane.jobs.versions.switching import switch as switch_over
from control_plane.jobs.versions.versions import Version, Versions
from control_plane.jobs.wiring import split_version_name
from control_plane.sink import table_sets as tables
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from schemas.topics import DEAD_LETTERS_TOPIC, dead_letters_topic
from stack import database
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.settings import ROOT
from taxi_cli.options import AsJson, Job

SIZE = """
select pg_size_pretty(coalesce(sum(pg_total_relation_size(tables.oid)), 0))
from pg_class as tables
join pg_namespace as sets on sets.oid = tables.relnamespace
where tables.relkind = 'r' and sets.nspname = any(%(schemas)s)
"""


def beside(
    name: Job = DEFAULT_JOB,
    source: Annotated[
        Path, typer.Option(help="The tree to take the new version from.", show_default="this tree")
    ] = ROOT,
    switch: Annotated[
        bool, typer.Option("--switch", help="Show it to readers once it has caught up.")
    ] = False,
    rebuild: Annotated[bool, typer.Option("--anew", help="Even if this code is what is served.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run other code as a version of its own from the start of the topic, wait for it, and compare."""
    known_job(name)
    endpoints = Endpoints.of_running_stack()
    version = start_side_by_side(endpoints, name, source.absolute(), rebuild=rebuild)
    served = Versions(endpoints, name).served()
    if version.is_served:
        console().print(f"{served.name}, which is served, is of this code; --anew builds it once more")
        if as_json:
            print(json.dumps(_comparison_json(version, 0.0, ()), indent=2))  # noqa: T201 - data for programs
        return
    seconds = await_caught_up(version, served)
    differences = compare(endpoints.postgres_dsn, served.table_set, version.table_set)
    if as_json:
        print(json.dumps(_comparison_json(version, seconds, differences), indent=2))  # noqa: T201 - data for programs
    else:
        _print(f"{version.name} has caught up with {served.name} after {seconds:.0f} s")
        output().print(as_table(differences, served.name, version.name))
    if switch:
        await_caught_up(version, served)  # the comparison may have taken a while
        switch_over(endpoints, name, version, force=True)
    else:
        console().print(
            f"./taxi job switch {name} --to {version.number} shows it to readers", highlight=False
        )


def switch(
    name: Job = DEFAULT_JOB,
    to: Annotated[int, typer.Option(help="The version to show; without it the only other one.")] = 0,
    back: Annotated[bool, typer.Option("--back", help="The version that was shown before.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if it has not caught up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show another version to the readers of taxi.*, all tables at once; every version runs on."""
    if to and back:
        raise UserError("--to and --back exclude one another", "give one of them")
    known_job(name)
    endpoints = Endpoints.of_running_stack()
    versions = Versions(endpoints, name)
    target = versions.get(to) if to else versions.served_before() if back else versions.only_other()
    done = switch_over(endpoints, name, target, force=force)
    if as_json:
        print(json.dumps(asdict(done), indent=2))  # noqa: T201 - data for programs
    elif done.served != done.served_before:
        _print(f"./taxi job switch {name} --back returns to {name}-{done.served_before}")


def retire(
    name: Annotated[str, typer.Argument(metavar="VERSION", help="The version, as zone_fares-1.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop a version that nobody reads, and remove its tables and its state."""
    job, number = split_version_name(name)
    known_job(job)
    endpoints = Endpoints.of_running_stack()
    if not number:
        others = [one.name for one in Versions(endpoints, job).all() if not one.is_served]
        known = ", ".join(others) or "none: it is the only version"
        raise UserError(f"{name} is what people read", f"name a version that nobody reads ({known})")
    Versions(endpoints, job).get(number)
    if not yes:
        typer.confirm(f"This stops {name} and removes its tables and its state. Go on?", abort=True)
    end_version(endpoints, job, number)
    if number == 1:
        console().print(
            f"the topic {DEAD_LETTERS_TOPIC} gets no more letters: each later version writes one of its own,"
            f" as {dead_letters_topic(Versions(endpoints, job).served_number())}",
            style="yellow",
            soft_wrap=True,
        )


def versions(name: Job = DEFAULT_JOB, as_json: AsJson = False) -> None:
    """List the versions, how each does, and which is served."""
    known_job(name)
    endpoints = Endpoints.of_running_stack()
    found = Versions(endpoints, name)
    since = f"{found.served_since():%Y-%m-%d %H:%M}"
    rows = [_row(endpoints, version, since) for version in found.all()]
    if as_json:
        print(json.dumps(rows, indent=2))  # noqa: T201 - data for programs
        return
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
    for column in rows[0]:
        table.add_column(
            column.replace("_", " "), justify="right" if column in {"records", "behind"} else "left"
        )
    for row in rows:
        table.add_row(
            *(f"{value:,}" if isinstance(value, int) else str(value or "") for value in row.values())
        )
    output().print(table)


def _row(endpoints: Endpoints, version: Version, since: str) -> dict[str, Any]:
    status = version.site.status()
    there = version.table_set in tables.numbered_sets(endpoints.postgres_dsn)
    schemas = [version.table_set, f"{version.table_set}_months"]
    records = f"select coalesce(sum(records), 0)::bigint from {version.table_set}.received_records"  # noqa: S608 - ours
    return {
        "version": version.name,
        "release": version.record.release,
        "state": status.verdict.name if version.was_started or version.is_served else "half made",
        "behind": status.flow.lag_records,
        "records": database.query(endpoints.postgres_dsn, records).rows[0][0] if there else 0,
        "size": database.query(endpoints.postgres_dsn, SIZE, {"schemas": schemas}).rows[0][0],
        "served_since": since if version.is_served else "",
    }


def _comparison_json(version: Version, seconds: float, differences: Sequence[Difference]) -> dict[str, Any]:
    return {
        "version": version.number,
        "release": version.record.release,
        "seconds": round(seconds, 1),
        "tables": [asdict(one) for one in differences],
    }


def _print(text: str) -> None:
    output().print(text, highlight=False, soft_wrap=True)
