"""Upgrade and rollback between releases, by savepoint; failed or interrupted attempts are undone."""

import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from control_plane.jobs.backend import Action, Rollback, Upgrade, UpgradeFailedError
from control_plane.jobs.flink_rest import Job
from control_plane.jobs.lifecycle import JobSite, await_jobmanager, launch, restart_job
from control_plane.jobs.records import JobRecord, JobRecords
from control_plane.jobs.releases import Release
from control_plane.jobs.verification import (
    POLL_SECONDS,
    STALLED_VERIFY_SECONDS,
    Baseline,
    Observation,
    VerificationResult,
    evaluate,
    milestones,
    observation,
)
from control_plane.sink.refusals import refusing_tables
from schemas.errors import UserError
from stack.console import print_message
from stack.endpoints import Endpoints
from stack.services.flink import TASKMANAGER
from stack.settings import ROOT
from stack.supervision.progress import ServiceProgress
from stack.waiting import Polling, StalledError, WaitProgress, wait_until

STALLED_STOP_SECONDS = 120.0
CAUSE_SECONDS = 30.0


def upgrade(endpoints: Endpoints, name: str, source: Path = ROOT) -> Upgrade | None:
    """Upgrade to the release of a tree; return None if it already runs. Raises UserError after a rollback."""
    site = JobSite.of(endpoints, name)
    with site.exclusive():
        site.ensure_source()
        release = site.releases.of_tree(source)
        if site.records.read(name).upgrading_to not in {0, release.number}:
            settle(site)
        running = _running_release(site)
        if running.number != release.number:
            release.refuse_state_of(running)
            release.refuse_absent_tables(endpoints.postgres_dsn)
            release.refuse_tables_of_another_shape(endpoints.postgres_dsn, site.wiring.table_set)
        return _upgrade(site, running, release)


def rollback(endpoints: Endpoints, name: str) -> Rollback:
    """Return to the previous release, from the savepoint that the upgrade took."""
    site = JobSite.of(endpoints, name)
    with site.exclusive():
        site.ensure_source()
        record = site.records.read(name)
        if record.upgrading_to not in {0, record.release}:
            settle(site)
            raise UserError(
                f"the upgrade to release {record.upgrading_to} did not begin",
                f"release {record.release} runs",
            )
        if not record.previous_release:
            raise UserError(
                f"{name} has no earlier release to roll back to",
                f"run ./taxi job releases {name} to list its releases",
            )
        previous = site.releases.get(record.previous_release)
        _refuse_lost_savepoint(record.handover, name)
        job = site.live_job()
        again = site.status().records_read if job else 0
        _restore_previous(site, previous, job)
        return Rollback(name, previous.number, record.release, record.handover, again)


def ensure(endpoints: Endpoints, name: str) -> Action:
    """Restart a job that is gone from the cluster, and settle an interrupted upgrade."""
    site = JobSite.of(endpoints, name)
    with site.exclusive():
        record = site.records.read(name)
        if not record.wanted:
            raise UserError(f"{name} is not meant to run", f"run ./taxi job deploy {name} to start it")
        await_jobmanager(site)
        if record.upgrading_to:
            return settle(site)
        if site.live_job():
            return "none"
        restart_job(site)
        return "started"


def resume(endpoints: Endpoints) -> None:
    """Restart the jobs that were not stopped on purpose: the cluster forgets them when it goes down."""
    for name in JobRecords(endpoints.home).wanted():
        ensure(endpoints, name)


def settle(site: JobSite) -> Action:
    """End an upgrade whose command was killed: verify the new release, undo it, or keep the old one."""
    record = site.records.read(site.name)
    job = _live_job_after_stopping(site)
    if job and record.knows(job.job_id, record.upgrading_to):
        print_message(f"the upgrade to release {record.upgrading_to} was interrupted; verifying it")
        _verify(site, site.releases.get(record.upgrading_to), None)
        return "verified"
    if job:
        print_message(f"the upgrade to release {record.upgrading_to} was interrupted before it began")
        site.records.write(site.name, record.upgrading(0))
        return "none"
    print_message(
        f"the upgrade to release {record.upgrading_to} was interrupted; the previous release keeps running"
    )
    begun = record.release == record.upgrading_to
    site.records.write(site.name, record.rolled_back() if begun else record.upgrading(0))
    restart_job(site)
    return "started"


def _upgrade(site: JobSite, running: Release, release: Release) -> Upgrade | None:
    record = site.records.read(site.name)
    job = _live_job_after_stopping(site)
    if job and record.release == release.number and record.knows(job.job_id, release.number):
        _finish(site, release)
        return None
    if job is None and not record.wanted:
        raise UserError(f"{site.name} does not run", f"run ./taxi job deploy {site.name} to start this code")
    if running.number == release.number and not record.upgrading_to:
        restart_job(site)
        _finish(site, release)
        return None
    before = _baseline(site) if job else None
    begun = time.monotonic()
    site.records.write(site.name, record.upgrading(release.number))
    savepoint = _stop(site, job) if job else next(iter(site.restore_points()), None)
    with _undone_on_failure(site, release):
        launch(site, release, savepoint)
        away_seconds = time.monotonic() - begun
        _verify(site, release, before)
    return Upgrade(
        job=site.name,
        release=release.number,
        previous_release=running.number,
        savepoint=str(savepoint or ""),
        away_seconds=round(away_seconds, 1),
        verified_seconds=round(time.monotonic() - begun, 1),
    )


@contextmanager
def _undone_on_failure(site: JobSite, release: Release) -> Iterator[None]:
    """Return to the previous release on any failure: of the database, Flink, our own code, or Ctrl-C.

    If that fails too, the job stays recorded as meant to run: `ensure` and the keeper start it.
    """
    try:
        yield
    except UpgradeFailedError:
        raise
    except (Exception, KeyboardInterrupt) as failure:
        reason = _described(failure)
        try:
            _undo(site, release, reason)
        except UpgradeFailedError as undone:
            raise undone from failure
        except Exception as second:
            raise UserError(
                f"the upgrade of {site.name} to release {release.number} failed ({reason}), and so did the"
                f" rollback to the previous release ({_described(second)})",
                f"run ./taxi job ensure {site.name} to try the rollback again",
            ) from failure


def _described(failure: BaseException) -> str:
    if isinstance(failure, UserError):
        return failure.message
    if isinstance(failure, KeyboardInterrupt):
        return "interrupted"
    first_line = str(failure).strip().partition("\n")[0]
    return f"{type(failure).__name__}: {first_line}"


def _finish(site: JobSite, release: Release) -> None:
    """Complete the upgrade to a release that already runs; only its verification may be missing."""
    if site.records.read(site.name).upgrading_to:
        print_message(f"the upgrade to release {release.number} was interrupted; verifying it")
        _verify(site, release, None)
    print_message(f"{site.name} runs release {release.number} already")


def _running_release(site: JobSite) -> Release:
    """Return the release to roll back to; raises UserError where none is known."""
    record = site.records.read(site.name)
    unproven = record.upgrading_to and record.release == record.upgrading_to
    number = record.previous_release if unproven else record.release
    if not number:
        raise UserError(
            f"it is not known which release of {site.name} runs",
            f"run ./taxi job stop {site.name}, then ./taxi job deploy {site.name}",
        )
    return site.releases.get(number)


def _baseline(site: JobSite) -> Baseline:
    older = _observed(site)
    time.sleep(2 * POLL_SECONDS)  # Flink reads its metrics every two seconds
    return Baseline(older, _observed(site))


def _observed(site: JobSite) -> Observation:
    refusing = refusing_tables(site.endpoints.postgres_dsn, site.wiring.table_set)
    return observation(site.status(), refusing)


def _stop(site: JobSite, job: Job) -> Path:
    try:
        savepoint = site.flink.stop_with_savepoint(job.job_id, site.savepoint_folder)
    except UserError as failure:
        raise UserError(
            f"{failure.message}, so the upgrade did not begin",
            f"run ./taxi job ensure {site.name} to settle it",
        ) from failure
    print_message(f"{site.name} is stopped; its savepoint is {savepoint}")
    return Path(savepoint)


def _live_job_after_stopping(site: JobSite) -> Job | None:
    """Return the live job; wait for one that a killed command was stopping."""

    def settled() -> bool:
        job = site.live_job()
        return job is None or not site.flink.savepoint_is_under_way(job.job_id)

    def progress() -> WaitProgress:
        job = site.live_job()
        return site.flink.savepoint_progress(job.job_id) if job else WaitProgress("", None)

    wait_until(settled, what=f"{site.name} to stop", progress=progress, stalled_seconds=STALLED_STOP_SECONDS)
    return site.live_job()


def _verify(site: JobSite, release: Release, before: Baseline | None) -> None:
    """Verify the release; raises UserError after a rollback when the verification fails."""
    print_message(f"verifying release {release.number} …")
    result = _watched(site, before)
    if result.outcome != "passed":
        _undo(site, release, result.reason)
    site.records.write(site.name, site.records.read(site.name).upgrading(0))
    release.note("ran")


def _watched(site: JobSite, before: Baseline | None) -> VerificationResult:
    """Return the verdict; an open one when no further progress of the release could close it."""
    seen: list[Observation] = []
    taskmanager = ServiceProgress(site.endpoints.home, TASKMANAGER)

    def result() -> VerificationResult | None:
        seen.append(_observed(site))
        found = evaluate(before, seen)
        return None if found.outcome == "open" else found

    def progress() -> WaitProgress:
        if not seen:
            return WaitProgress("its status could not be read yet", taskmanager().marks)
        now = seen[-1]
        # Once all tasks run, TaskManager activity does not prove the release.
        starting = None if now.all_tasks_run else taskmanager().marks
        writing = None if now.checkpoints_completed else _checkpoints_under_way(site)
        return WaitProgress(evaluate(before, seen).reason, (milestones(before, now), starting, writing))

    try:
        found = wait_until(
            result,
            what="the verification of the release",
            progress=progress,
            stalled_seconds=STALLED_VERIFY_SECONDS,
            polling=Polling(POLL_SECONDS),
        )
    except StalledError as stalled:
        return evaluate(before, seen) if seen else VerificationResult("failed", stalled.message)
    if seen[-1].restarts:
        _await_cause(site)
        return evaluate(before, [*seen, _observed(site)])
    if not seen[-1].records_read:
        print_message("no record arrived during the verification, so the writers are not verified")
    return found


def _checkpoints_under_way(site: JobSite) -> Hashable:
    job = site.live_job()
    return site.flink.snapshots_under_way(job.job_id, savepoints=False) if job else None


def _await_cause(site: JobSite) -> None:
    """Wait for the cause of a failure: Flink counts a restart before it reports the exception."""
    with suppress(StalledError):
        wait_until(
            lambda: site.status().failure,
            what="Flink to report the failure",
            stalled_seconds=CAUSE_SECONDS,
            polling=Polling(POLL_SECONDS),
        )


def _undo(site: JobSite, release: Release, reason: str) -> None:
    """Return to the previous release; always raises, with what failed and what runs now."""
    release.note(f"failed: {reason}")
    record = site.records.read(site.name)
    begun = record.release == release.number
    previous = site.releases.get(record.previous_release if begun else record.release)
    savepoint = record.handover if begun else str(next(iter(site.restore_points()), ""))
    print_message(f"release {release.number} failed ({reason}); rolling back to release {previous.number}")
    _restore_previous(site, previous, site.live_job(), begun=begun)
    raise UpgradeFailedError(
        f"the upgrade of {site.name} to release {release.number} failed: {reason}",
        f"release {previous.number} runs again, from {savepoint or 'the beginning of the topic'}",
    )


def _restore_previous(site: JobSite, previous: Release, job: Job | None, *, begun: bool = True) -> None:
    record = site.records.read(site.name)
    origin = _handover(record) if begun else next(iter(site.restore_points()), None)
    if job:
        site.flink.cancel(job.job_id)
    site.records.write(site.name, record.rolled_back() if begun else record.upgrading(0))
    launch(site, previous, origin)


def _handover(record: JobRecord) -> Path | None:
    return Path(record.handover) if record.handover else None


def _refuse_lost_savepoint(savepoint: str, name: str) -> None:
    if not savepoint:
        raise UserError(
            f"{name} was started without state, so there is no savepoint of the previous release",
            f"run ./taxi job releases {name} to list what is kept",
        )
    if not (Path(savepoint) / "_metadata").exists():
        raise UserError(f"the savepoint {savepoint} is gone", f"run ./taxi job deploy {name} --from PATH")
