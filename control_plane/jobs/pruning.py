"""Removes releases and states of a job that are no longer needed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from control_plane.jobs.backend import Kind, Pruned
from control_plane.jobs.lifecycle import RESTORE_ATTEMPTS, JobSite
from control_plane.jobs.records import JobRecord, JobRun
from control_plane.jobs.wiring import split_version_name


def prune(site: JobSite, *, keep: int, dry_run: bool = False) -> list[Pruned]:
    """Remove them, or list them with `dry_run`; always keep this number of the newest releases."""
    with site.exclusive():
        unneeded = [*_unneeded_releases(site, keep), *_unneeded_states(site, keep)]
        for one in () if dry_run else unneeded:
            shutil.rmtree(one.path)
        return unneeded


def _unneeded_releases(site: JobSite, keep: int) -> Iterator[Pruned]:
    kept = _kept_releases(site, keep).union(*(_kept_releases(other, 0) for other in _other_versions(site)))
    for release in site.releases.all():
        if release.number not in kept:
            yield Pruned("release", str(release.number), _own_bytes(release.folder), str(release.folder))


def _unneeded_states(site: JobSite, keep: int) -> Iterator[Pruned]:
    record = site.records.read(site.name)
    needed = _needed_states(site, record) | _newest_savepoints(site, _kept_releases(site, keep))
    for run in record.runs:
        for folder in site.records.state_folders(run):
            if not _is_in_use(folder, run, record) and not any(folder in (p, *p.parents) for p in needed):
                is_savepoint = folder.name.startswith("savepoint-")
                kind: Kind = "savepoint" if is_savepoint else "checkpoints"
                yield Pruned(kind, folder.name, _own_bytes(folder), str(folder))


def _other_versions(site: JobSite) -> Iterator[JobSite]:
    """Yield the sites of the other versions, which share the releases."""
    for name in site.records.names():
        if name != site.name and split_version_name(name)[0] == site.wiring.job:
            yield JobSite.of(site.endpoints, name)


def _is_in_use(folder: Path, run: JobRun, record: JobRecord) -> bool:
    """Check whether Flink may still write checkpoints or a savepoint there, as it does for the last run."""
    return run == record.runs[-1] and (folder.name == run.job_id or not (folder / "_metadata").exists())


def _kept_releases(site: JobSite, keep: int) -> set[int]:
    record = site.records.read(site.name)
    newest = [release.number for release in site.releases.all()][::-1][:keep]
    needed = _needed_states(site, record)
    of_needed_states = {run.release for run in record.runs if needed & _states(site, run)}
    candidates = {record.release, record.previous_release, record.upgrading_to}
    return {*newest, *of_needed_states, *candidates}


def _needed_states(site: JobSite, record: JobRecord) -> set[Path]:
    """Return the states that a rollback or a restart would use, and the origin of the last run."""
    named = [record.handover, *(run.origin for run in record.kept_runs[-1:])]
    points = site.records.restore_points(site.name, record.topic_id)[:RESTORE_ATTEMPTS]
    return {*(Path(name) for name in named if name), *points}


def _newest_savepoints(site: JobSite, releases: set[int]) -> set[Path]:
    """Return the state that each kept release can run again from."""
    taken = (site.records.savepoints(site.name, number) for number in releases)
    return {paths[-1] for paths in taken if paths}


def _states(site: JobSite, run: JobRun) -> set[Path]:
    return {meta.parent for folder in site.records.state_folders(run) for meta in folder.rglob("_metadata")}


def _own_bytes(folder: Path) -> int:
    """Count the bytes that removal frees: the jars of a release are links to files that stay."""
    sizes = (path.stat() for path in folder.rglob("*") if path.is_file())
    return sum(found.st_size for found in sizes if found.st_nlink == 1)
