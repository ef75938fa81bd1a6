"""One run from files to served rows: filled next to the live job, compared, published, cleaned up."""

from collections.abc import Sequence
from pathlib import Path

import psycopg

from control_plane.jobs.releases import Release
from control_plane.jobs.versions.versions import Versions
from control_plane.months.approval import Approval, require_approval
from control_plane.months.report import print_comparison, print_published
from control_plane.months.reprocess_plan import ReprocessPlan, make_plan, print_plan
from control_plane.months.shadow import Shadow
from control_plane.sink import publication
from control_plane.sink.publication import Comparison
from control_plane.sink.runs import BackfillRun, Engine
from control_plane.sink.table_sets import set_up
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from schemas.tlc_month import TlcMonth
from stack.console import print_message
from stack.endpoints import Endpoints
from stack.settings import ROOT

ENGINE: Engine = "flink"


def dry_run(endpoints: Endpoints, paths: Sequence[Path], *, force: bool) -> None:
    """Print what would be done."""
    set_up(endpoints.postgres_dsn)
    plan = make_plan(endpoints, paths)
    release = Versions(endpoints, DEFAULT_JOB).served().site.running_release()
    print_plan(endpoints, plan, _run_of(plan, release) if release else "(no release yet)")
    if not force:
        plan.refuse_doubtful()


def reprocess(endpoints: Endpoints, paths: Sequence[Path], approval: Approval, *, keep: bool) -> None:
    """Replace the months of the files by what the served release makes of them."""
    with publication.publication_lock(endpoints):
        set_up(endpoints.postgres_dsn)
        plan = make_plan(endpoints, paths)
        release = _served_release(endpoints)
        run = _run_of(plan, release)
        print_plan(endpoints, plan, run)
        if not approval.force:
            plan.refuse_doubtful()
        if all(publication.is_published(endpoints.postgres_dsn, month, run) for month in plan.months):
            print_message(f"run {run} is already published: nothing to do")
        else:
            _execute(endpoints, plan, release, run, approval)
        if not keep:
            Shadow(endpoints, DEFAULT_JOB, run).remove()


def undo(endpoints: Endpoints, run: str) -> None:
    """Restore the rows from before a run was published."""
    with publication.publication_lock(endpoints):
        months = BackfillRun(endpoints.postgres_dsn, run).published_months()
        if not months:
            raise UserError(f"run {run} has published nothing", "see taxi.backfill_runs")
        publication.undo(endpoints.postgres_dsn, months, run)
        print_message(f"{', '.join(map(str, months))}: restored to the state before run {run}")


def discard(endpoints: Endpoints, run: str) -> None:
    """Remove what an incomplete run has left."""
    with publication.publication_lock(endpoints):
        Shadow(endpoints, DEFAULT_JOB, run).remove()


def _execute(
    endpoints: Endpoints, plan: ReprocessPlan, release: Release, run: str, approval: Approval
) -> None:
    record, shadow = BackfillRun(endpoints.postgres_dsn, run), Shadow(endpoints, DEFAULT_JOB, run)
    record.plan([one.planned for one in plan.files], ENGINE)
    try:
        record.begin()
        shadow.publish_trips(plan.paths)
        shadow.fill(release)
        found = {month: _compared(endpoints, month, shadow) for month in plan.months}
        print_comparison(found)
        require_approval(approval, found, f"run ./taxi reprocess --discard {run} to remove the run")
        done = publication.publish(endpoints.postgres_dsn, plan.months, shadow.wiring.table_set, run)
    except (UserError, psycopg.Error) as failure:
        record.fail(str(failure).partition("\n")[0])
        raise
    print_published(done, f"./taxi reprocess --undo {run}")


def _compared(endpoints: Endpoints, month: TlcMonth, shadow: Shadow) -> Comparison:
    return publication.compare(
        endpoints.postgres_dsn, month, shadow.wiring.table_set, run=shadow.run, engine=ENGINE
    )


def _served_release(endpoints: Endpoints) -> Release:
    """Return the served release; where none ever ran, that of this tree."""
    site = Versions(endpoints, DEFAULT_JOB).served().site
    release = site.running_release() or site.releases.of_tree(ROOT)
    if "scan.bounded.mode" not in (release.folder / "code/flink_jobs" / DEFAULT_JOB / "source.sql").read_text(
        "utf-8"
    ):
        raise UserError(
            f"release {release.number} of {DEFAULT_JOB} cannot reprocess: it does not support bounded input",
            f"run ./taxi job upgrade {DEFAULT_JOB}",
        )
    return release


def _run_of(plan: ReprocessPlan, release: Release) -> str:
    return plan.run(release.manifest.content)
