"""A job on a Flink cluster of our own: the local stack's, or the one that the environment names."""

from pathlib import Path

from control_plane.jobs import lifecycle as job_life
from control_plane.jobs import pruning, upgrade
from control_plane.jobs.backend import Action, Deployed, Pruned, ReleaseRow, Rollback, Upgrade
from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.names import known_job
from control_plane.jobs.releases import Release
from control_plane.jobs.status import JobStatus, unreachable
from control_plane.jobs.versions.versions import exact_name
from control_plane.jobs.wiring import split_version_name
from schemas.errors import UserError
from stack.console import print_message
from stack.endpoints import Endpoints
from stack.settings import ADDRESSES


class LocalJob:
    """One job of the platform."""

    def __init__(self, endpoints: Endpoints, name: str) -> None:
        self._endpoints = endpoints
        self._name = name
        self._site = JobSite.of(endpoints, name)

    @classmethod
    def of_platform(cls, name: str, *, dry_run: bool = False) -> "LocalJob":
        """Resolve a name to the job, or to a version of it."""
        if dry_run:
            raise UserError(
                "--dry-run prints the requests to the managed service",
                "add --on managed-flink, or leave out --dry-run",
            )
        known_job(split_version_name(name)[0])
        endpoints = Endpoints.of_platform(*ADDRESSES)
        return cls(endpoints, _exact(endpoints, name))

    def deploy(self, *, fresh: bool, source: Path, origin: str) -> Deployed:
        """Start the code of a tree; a running job is left alone."""
        started = job_life.start(
            self._endpoints, self._name, fresh=fresh, source=source, origin=Path(origin) if origin else None
        )
        return Deployed(started.job_id, started.state)

    def status(self) -> JobStatus:
        """Return the job's status, even when the cluster does not answer."""
        try:
            return self._site.status()
        except UserError as failure:
            return unreachable(self._name, failure.message)

    def savepoint(self) -> str:
        """Take a savepoint; return its path."""
        return str(job_life.take_savepoint(self._endpoints, self._name))

    def upgrade(self, source: Path) -> Upgrade | None:
        """Upgrade to the code of a tree."""
        return upgrade.upgrade(self._endpoints, self._name, source)

    def rollback(self) -> Rollback:
        return upgrade.rollback(self._endpoints, self._name)

    def ensure(self) -> Action:
        return upgrade.ensure(self._endpoints, self._name)

    def stop(self, *, savepoint: bool) -> str:
        """Stop the job; return the path of its savepoint."""
        return job_life.end(self._endpoints, self._name, savepoint=savepoint)

    def releases(self) -> list[ReleaseRow]:
        live = self.status().state
        return [self._row(release, live) for release in self._site.releases.all()]

    def prune(self, *, keep: int, dry_run: bool) -> list[Pruned]:
        """Remove what is unused, without access to Flink or Kafka."""
        return pruning.prune(self._site, keep=keep, dry_run=dry_run)

    def _row(self, release: Release, live: str) -> ReleaseRow:
        records = self._site.records
        is_last = records.read(self._name).release == release.number
        return ReleaseRow(
            release=release.number,
            made_at=release.manifest.made_at,
            commit=release.manifest.commit,
            state=live if is_last else release.outcome,
            savepoints=[str(path) for path in records.savepoints(self._name, release.number)],
            folder=str(release.folder),
            is_current=is_last,
        )


def _exact(endpoints: Endpoints, name: str) -> str:
    """Return the full name of a version, as dashboard and records use it."""
    exact = exact_name(endpoints, name)
    if exact == split_version_name(name)[0] != name:
        print_message(f"{name} is the first version; the dashboard and this output call it {exact}")
    return exact
