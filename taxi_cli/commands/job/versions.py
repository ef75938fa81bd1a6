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
from control_plane.settings import require_own_flink
from control_plane.sink import table_sets as tables
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from schemas.topics import DEAD_LETTERS_TOPIC, dead_letters_topic
from stack import database
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.settings import ADDRESSES, ROOT
from taxi_cli.options import AsJson, Job, Source

SIZE = """
select pg_size_pretty(coalesce(sum(pg_total_relation_size(tables.oid)), 0))
from pg_class as tables
join pg_namespace as sets on sets.oid = tables.relnamespace
where tables.relkind = 'r' and sets.nspname = any(%(schemas)s)
"""


def beside(
    name: Job = DEFAULT_JOB,
    source: Source = ROOT,
    switch: Annotated[bool, typer.Option("--switch", help="Serve it once it has caught up.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", "--anew", help="Build it even if this code is served.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Deploy a version side by side: the former name of `job deploy --side-by-side`."""
    deploy_side_by_side(name, source, rebuild=rebuild, serve=switch, as_json=as_json)


def deploy_side_by_side(name: str, source: Path, *, rebuild: bool, serve: bool, as_json: bool) -> None:
    """Run a tree as a version of its own from the start of the topic, wait for it, and compare."""
    known_job(name)
    endpoints = Endpoints.of_platform(*ADDRESSES)
    version = start_side_by_side(endpoints, name, source.absolute(), rebuild=rebuild)
    served = Versions(endpoints, name).served()
    if version.is_served:
        console().print(f"{served.name}, which is served, already runs this code; --rebuild builds it again")
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
    if serve:
        await_caught_up(version, served)  # the comparison may have taken a while
        switch_over(endpoints, name, version, force=True)
    else:
        console().print(f"to serve it, run ./taxi job switch {name} --to {version.number}", highlight=False)


def switch(
    name: Job = DEFAULT_JOB,
    to: Annotated[int, typer.Option(help="Version to serve; default: the only other one.")] = 0,
    back: Annotated[bool, typer.Option("--back", help="Serve the previous version again.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Switch even if it has not caught up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve another version in taxi.*, all tables at once; every version keeps running."""
    if to and back:
        raise UserError("--to and --back exclude each other", "give one of them")
    known_job(name)
    endpoints = _endpoints()
    versions = Versions(endpoints, name)
    target = versions.get(to) if to else versions.served_before() if back else versions.only_other()
    done = switch_over(endpoints, name, target, force=force)
    if as_json:
        print(json.dumps(asdict(done), indent=2))  # noqa: T201 - data for programs
    elif done.served != done.served_before:
        _print(f"to return to {name}-{done.served_before}, run ./taxi job switch {name} --back")


def retire(
    name: Annotated[str, typer.Argument(metavar="VERSION", help="Version, for example zone_fares-1.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Stop a version that is not served, and remove its tables and its state."""
    job, number = split_version_name(name)
    known_job(job)
    endpoints = _endpoints()
    if not number:
        others = [one.name for one in Versions(endpoints, job).all() if not one.is_served]
        known = ", ".join(others) or "none: it is the only version"
        raise UserError(
            f"{name} is the version that is served", f"name a version that is not served ({known})"
        )
    Versions(endpoints, job).get(number)
    if not yes:
        typer.confirm(f"Stop {name} and remove its tables and its state?", abort=True)
    end_version(endpoints, job, number)
    if number == 1:
        console().print(
            f"nothing writes to the topic {DEAD_LETTERS_TOPIC} any more: each later version has its own,"
            f" now {dead_letters_topic(Versions(endpoints, job).served_number())}",
            style="yellow",
            soft_wrap=True,
        )


def versions(name: Job = DEFAULT_JOB, as_json: AsJson = False) -> None:
    """List the versions, the health of each, and which one is served."""
    known_job(name)
    endpoints = _endpoints()
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


def _endpoints() -> Endpoints:
    require_own_flink("a job with several versions", "run ./taxi job releases to list its releases")
    return Endpoints.of_platform(*ADDRESSES)


def _row(endpoints: Endpoints, version: Version, since: str) -> dict[str, Any]:
    status = version.site.status()
    there = version.table_set in tables.numbered_sets(endpoints.postgres_dsn)
    schemas = [version.table_set, f"{version.table_set}_months"]
    records = f"select coalesce(sum(records), 0)::bigint from {version.table_set}.received_records"  # noqa: S608 - ours
    return {
        "version": version.name,
        "release": version.record.release,
        "state": status.verdict.name if version.was_started or version.is_served else "incomplete",
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
