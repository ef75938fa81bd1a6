"""Blue/green deployment: a version next to the served one, the switch of readers, the end of a version."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from control_plane.jobs.lifecycle import JobSite, end, launch, restart_job
from control_plane.jobs.records import JobRecords
from control_plane.jobs.releases import Releases
from control_plane.jobs.slots import needed_slots, wait_for_slots
from control_plane.jobs.submission import current_configuration
from control_plane.jobs.versions.catching_up import read_progress
from control_plane.jobs.versions.versions import Version, Versions, refuse_without_versions
from control_plane.jobs.wiring import Wiring, has_versions
from control_plane.sink import table_sets as tables
from control_plane.sink.publication import adopt_publications
from schemas.errors import UserError
from schemas.topics import DEAD_LETTERS_TOPIC
from stack.console import print_message
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.settings import ROOT

SLOT_WAIT_SECONDS = 10
CATCH_UP_CHECKS = 3
"""Two versions that follow a fast replay are not read at exactly the same moment."""


@dataclass(frozen=True)
class VersionSwitch:
    """The version that is served now and the one before; the same where nothing changed."""

    job: str
    served: int
    served_before: int


def start_side_by_side(
    endpoints: Endpoints, job: str, source: Path = ROOT, *, rebuild: bool = False
) -> Version:
    """Deploy or continue the release of a tree side by side, as a version that reads from the topic's start.

    Returns the served version unchanged when it is of this release, unless `rebuild` is set.
    """
    refuse_without_versions(job)
    versions = Versions(endpoints, job)
    with _job_lock(endpoints, job):
        number = _number_for(versions, source, rebuild=rebuild)
        if number != versions.served_number():
            site = JobSite(endpoints, Wiring.of_version(job, number))
            _start(site, source)
            served = versions.served().table_set
            adopt_publications(endpoints.postgres_dsn, served, site.wiring.table_set)
    return versions.get(number)


def switch(endpoints: Endpoints, job: str, target: Version, *, force: bool = False) -> VersionSwitch:
    """Serve this version; refused while it is behind the served one, unless forced."""
    refuse_without_versions(job)
    versions = Versions(endpoints, job)
    with _job_lock(endpoints, job):
        served = versions.served()
        if target.number == served.number:
            print_message(f"{target.name} is served already")
        else:
            if not force:
                _refuse_behind(target, served)
            adopt_publications(endpoints.postgres_dsn, served.table_set, target.table_set)
            tables.serve(endpoints.postgres_dsn, target.table_set)
            print_message(f"taxi.* now shows {target.name} instead of {served.name}, which keeps running")
        return VersionSwitch(job, target.number, served.number)


def retire(endpoints: Endpoints, job: str, number: int) -> None:
    """End an unserved version, and remove its tables and state; safe to run again after an interruption."""
    refuse_without_versions(job)
    versions = Versions(endpoints, job)
    with _job_lock(endpoints, job):
        version = versions.get(number)
        if version.is_served:
            raise UserError(
                f"{version.name} is the version that is served", f"run ./taxi job switch {job} first"
            )
        _remove(version)


def start_over(endpoints: Endpoints, job: str) -> None:
    """Reset to the first version alone: served, without a job, rows or state."""
    with _job_lock(endpoints, job):
        if has_versions(job):
            tables.serve_only_first(endpoints.postgres_dsn)
        for version in Versions(endpoints, job).all():
            if version.number > 1:
                _remove(version)
        end(endpoints, job, savepoint=False)
        JobRecords(endpoints.home).forget(job)
        tables.empty(endpoints.postgres_dsn, Wiring.of_job(job).table_set)


def _job_lock(endpoints: Endpoints, job: str) -> AbstractContextManager[None]:
    lock = endpoints.home / "jobs" / f"{job}.versions.lock"
    return file_lock(lock, f"another command is changing the versions of {job}; waiting for it")


def _number_for(versions: Versions, source: Path, *, rebuild: bool) -> int:
    """Return the version of this tree, one that a killed command has only begun, or a new one."""
    known = versions.all()
    others = [version for version in known if not version.is_served]
    new = Wiring.of_version(versions.job, versions.next_number())
    release = Releases(versions.endpoints, new).find(source)
    candidates = others if rebuild else known
    same = next((one for one in candidates if release and one.record.release == release.number), None)
    if same:
        return same.number
    incomplete = next((one for one in others if not one.was_started), None)
    site = incomplete.site if incomplete else JobSite(versions.endpoints, new)
    needed = needed_slots(current_configuration())
    wait_for_slots(site.flink, site.name, needed, stalled_seconds=SLOT_WAIT_SECONDS)
    if incomplete:
        _remove(incomplete)  # its tables may be those of another release
    return site.wiring.version


def _start(site: JobSite, source: Path) -> None:
    release = site.releases.of_tree(source)
    with site.exclusive():
        live = site.live_job()
        if live:
            print_message(f"{site.name} runs already ({live.state}, {live.job_id})")
        elif site.records.read(site.name).release:
            restart_job(site)
        else:
            launch(site, release, None)


def _refuse_behind(target: Version, served: Version) -> None:
    missing = ""
    for _ in range(CATCH_UP_CHECKS):
        missing = read_progress(target, served).missing
        if not missing:
            return
    raise UserError(
        f"{target.name} has not caught up with {served.name}: {missing}; the served version is unchanged",
        f"run ./taxi job status {target.name} for details, or add --force to switch nevertheless",
    )


def _remove(version: Version) -> None:
    """Remove a version, its record last: until then the version is known, and can be removed again."""
    site = version.site
    with site.exclusive():
        site.records.write(site.name, site.records.read(site.name).stopped())
        job = site.live_job()
        if job:
            site.flink.cancel(job.job_id)
        tables.drop(site.endpoints.postgres_dsn, version.table_set)
        if site.wiring.dead_letters_topic != DEAD_LETTERS_TOPIC:
            site.dead_letters_topic.remove()
        site.records.forget(site.name)
    print_message(f"removed {version.name} and its table set {version.table_set}")
