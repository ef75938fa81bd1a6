"""One run from files to what people read: filled beside the live job, compared, published, cleaned up."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import typer
from rich import box
from rich.table import Table

from stack import publication
from stack.backfill_runs import BackfillRun, Engine
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.errors import UserError
from stack.job_life import say
from stack.publication import LARGEST_WITHDRAWN_SHARE, Comparison, Month, Published
from stack.releases import Release
from stack.reprocess.plan import Plan, make_plan, print_plan
from stack.reprocess.shadow import Shadow
from stack.settings import ROOT
from stack.tables import set_up
from stack.versions import Versions

JOB = "zone_fares"
ENGINE: Engine = "flink"
COMPARED = {
    "equal": "windows: equal",
    "explained": "  explained by trips of one side",
    "unexplained": "  unexplained",
    "trips_equal": "trips: equal",
    "trips_changed": "  with other values",
    "trips_only_served": "  only served",
    "trips_only_in_run": "  only in this run",
}


@dataclass(frozen=True)
class Consent:
    """What a person agreed to beforehand; `ask` puts the question to one who is there."""

    yes: bool
    force: bool
    ask: Callable[[str], bool]

    @classmethod
    def at_terminal(cls, *, yes: bool, force: bool) -> "Consent":
        """What the options say; the question is put where a person can answer."""
        return cls(yes or force, force, _asked)


def dry_run(endpoints: Endpoints, paths: Sequence[Path]) -> None:
    """Print what would be done."""
    set_up(endpoints.postgres_dsn)
    plan = make_plan(endpoints, paths)
    release = Versions(endpoints, JOB).served().site.running_release()
    print_plan(endpoints, plan, _run_of(plan, release) if release else "(no release yet)")


def reprocess(endpoints: Endpoints, paths: Sequence[Path], consent: Consent, *, keep: bool) -> None:
    """Replace the months that the files hold by what the served release makes of them."""
    with publication.alone(endpoints.home):
        set_up(endpoints.postgres_dsn)
        plan = make_plan(endpoints, paths)
        release = _served_release(endpoints)
        run = _run_of(plan, release)
        print_plan(endpoints, plan, run)
        if all(publication.is_published(endpoints.postgres_dsn, month, run) for month in plan.months):
            say(f"run {run} is what is published: nothing to do")
        else:
            _carry_out(endpoints, plan, release, run, consent)
        if not keep:
            Shadow(endpoints, JOB, run).remove()


def undo(endpoints: Endpoints, run: str) -> None:
    """Bring back what was there before a run was published."""
    with publication.alone(endpoints.home):
        months = BackfillRun(endpoints.postgres_dsn, run).published_months()
        if not months:
            raise UserError(f"there is nothing published by run {run}", "see taxi.backfill_runs")
        publication.undo(endpoints.postgres_dsn, months, run)
        say(f"{', '.join(map(str, months))}: as before run {run}")


def discard(endpoints: Endpoints, run: str) -> None:
    """Remove what a run left that did not come to its end."""
    with publication.alone(endpoints.home):
        Shadow(endpoints, JOB, run).remove()


def _carry_out(endpoints: Endpoints, plan: Plan, release: Release, run: str, consent: Consent) -> None:
    record, shadow = BackfillRun(endpoints.postgres_dsn, run), Shadow(endpoints, JOB, run)
    record.plan([one.planned for one in plan.files], ENGINE)
    try:
        record.begin()
        shadow.publish_trips(plan.paths)
        shadow.fill(release)
        found = {month: _compared(endpoints, month, shadow) for month in plan.months}
        print_comparison(found)
        obtain(consent, found, f"./taxi reprocess --discard {run} removes what was made")
        done = publication.publish(endpoints.postgres_dsn, plan.months, shadow.wiring.table_set, run)
    except (UserError, psycopg.Error) as failure:
        record.fail(str(failure).partition("\n")[0])
        raise
    print_published(done, f"./taxi reprocess --undo {run}")


def _compared(endpoints: Endpoints, month: Month, shadow: Shadow) -> Comparison:
    return publication.compare(
        endpoints.postgres_dsn, month, shadow.wiring.table_set, run=shadow.run, engine=ENGINE
    )


def _served_release(endpoints: Endpoints) -> Release:
    """The code that serves; where none ever ran, that of this tree."""
    site = Versions(endpoints, JOB).served().site
    release = site.running_release() or site.releases.of_tree(ROOT)
    if "scan.bounded.mode" not in (release.folder / "code/flink_jobs" / JOB / "source.sql").read_text(
        "utf-8"
    ):
        raise UserError(
            f"release {release.number} of {JOB} cannot end by itself, so it cannot reprocess",
            f"./taxi job upgrade {JOB}",
        )
    return release


def _run_of(plan: Plan, release: Release) -> str:
    return plan.run(release.manifest.content)


def _asked(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError(f"{question} Nobody is there to answer", "run the same with --yes")
    return typer.confirm(question, err=True)


def obtain(consent: Consent, found: Mapping[Month, Comparison], otherwise: str) -> None:
    """The consent to withdraw trips; raises UserError without."""
    leaving = {month: one for month, one in found.items() if one.trips_only_served}
    for month, one in leaving.items():
        if one.withdrawn_share > LARGEST_WITHDRAWN_SHARE and not consent.force:
            raise UserError(
                f"{month}: {one.trips_only_served:,} of the trips that are served"
                f" ({one.withdrawn_share:.0%}) are not in the file, so nothing was published",
                f"when the file is right, run the same with --force; else {otherwise}",
            )
    trips = sum(one.trips_only_served for one in leaving.values())
    if leaving and not consent.yes and not consent.ask(f"{trips:,} trips that are served will go. Publish?"):
        raise UserError("nothing was published", otherwise)


def print_comparison(
    found: Mapping[Month, Comparison],
    title: str = "What is served beside what this run made",
    labels: Mapping[str, str] = COMPARED,
) -> None:
    """What differs, a column a month; then the first windows that nothing explains."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for month in found:
        table.add_column(str(month), justify="right")
    for field, label in labels.items():
        table.add_row(label, *(f"{getattr(one, field):,}" for one in found.values()))
    output().print(table)
    for month, one in found.items():
        for example in one.examples:
            output().print(f"unexplained: {month}, {example}", highlight=False, soft_wrap=True)


def print_published(done: Mapping[Month, Published], undo_by: str) -> None:
    """What became of each month, and the command that takes it back."""
    for month, one in done.items():
        console().print(
            f"{month} is published: {one.added:,} trips added, {one.withdrawn:,} withdrawn,"
            f" {one.changed:,} changed; {undo_by} takes it back",
            highlight=False,
            soft_wrap=True,
        )
