"""The life cycle of one job, independent of where it runs: the interface between commands and clusters."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from control_plane.jobs.status import JobStatus
from schemas.errors import UserError

Action = Literal["none", "started", "verified"]
Kind = Literal["release", "savepoint", "checkpoints"]


@dataclass(frozen=True)
class Deployed:
    """A job that runs now."""

    job_id: str
    state: str


@dataclass(frozen=True)
class Upgrade:
    """A successful upgrade; times in seconds."""

    job: str
    release: int
    previous_release: int
    savepoint: str
    away_seconds: float
    """From the stop request until all tasks of the new release ran."""
    verified_seconds: float


@dataclass(frozen=True)
class Rollback:
    """A return to the previous release."""

    job: str
    release: int
    left_release: int
    savepoint: str
    records_read_again: int | None
    """None where the cluster does not report how many were read."""


class UpgradeFailedError(UserError):
    """The new release failed its verification; the message states what runs now."""


@dataclass(frozen=True)
class ReleaseRow:
    """A release as a list shows it."""

    release: int
    made_at: str
    commit: str
    state: str
    savepoints: Sequence[str]
    folder: str
    is_current: bool
    """The release runs, or ran last: a job that is gone is restarted with it."""


@dataclass(frozen=True)
class Pruned:
    """An unused release or state; the size is what its removal frees, where known."""

    kind: Kind
    name: str
    size_bytes: int | None
    path: str


class JobBackend(Protocol):
    """One job and the cluster that runs it. Each verb can run again after an interruption."""

    def deploy(self, *, fresh: bool, source: Path, origin: str) -> Deployed:
        """Start the job, from the given state or the newest; a running job is left alone."""

    def status(self) -> JobStatus:
        """Return the job's status."""

    def savepoint(self) -> str:
        """Take a savepoint of the running job; return its name."""

    def upgrade(self, source: Path) -> Upgrade | None:
        """Upgrade to other code by savepoint; None when it already runs. Raises after a rollback."""

    def rollback(self) -> Rollback:
        """Return to the previous release."""

    def ensure(self) -> Action:
        """Restart a job that is gone, and settle an interrupted upgrade."""

    def stop(self, *, savepoint: bool) -> str:
        """Stop the job; return its savepoint, empty without one."""

    def releases(self) -> list[ReleaseRow]:
        """List the releases of the job, oldest first."""

    def prune(self, *, keep: int, dry_run: bool) -> list[Pruned]:
        """Remove the unused releases and states, except the newest ones."""
