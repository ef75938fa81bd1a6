"""The life of one job, as every place where it can run knows it: the seam between commands and clusters."""

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
    """An upgrade that went well; times in seconds."""

    job: str
    release: int
    previous_release: int
    savepoint: str
    away_seconds: float
    """From the wish to stop until all tasks of the new release ran."""
    verified_seconds: float


@dataclass(frozen=True)
class Rollback:
    """A return to the release before."""

    job: str
    release: int
    left_release: int
    savepoint: str
    records_read_again: int | None
    """Unknown where the cluster does not tell how many were read."""


class UpgradeFailedError(UserError):
    """The new release did not prove itself; the message says what runs now."""


@dataclass(frozen=True)
class ReleaseRow:
    """A release as people see it in a list."""

    release: int
    made_at: str
    commit: str
    state: str
    savepoints: Sequence[str]
    folder: str
    is_current: bool
    """It runs, or ran last: as this one a lost job is brought back."""


@dataclass(frozen=True)
class Pruned:
    """Something that nothing needs; the size is what removing it frees, where that is known."""

    kind: Kind
    name: str
    size_bytes: int | None
    path: str


class JobBackend(Protocol):
    """One job and the cluster that runs it. Each verb can be run again after it was cut short."""

    def deploy(self, *, fresh: bool, source: Path, origin: str) -> Deployed:
        """Start the job, from the state named or the newest; leaves a running one alone."""

    def status(self) -> JobStatus:
        """How the job does."""

    def savepoint(self) -> str:
        """Have the running job leave a savepoint; return its name."""

    def upgrade(self, source: Path) -> Upgrade | None:
        """Go over to other code by savepoint; None when it runs already. Raises after rolling back."""

    def rollback(self) -> Rollback:
        """Return to the release before."""

    def ensure(self) -> Action:
        """Bring a lost job back, and settle an upgrade that was cut short."""

    def stop(self, *, savepoint: bool) -> str:
        """End the job; return the savepoint that it left, empty without one."""

    def releases(self) -> list[ReleaseRow]:
        """What the job was made of, oldest first."""

    def prune(self, *, keep: int, dry_run: bool) -> list[Pruned]:
        """Remove the releases and states that nothing needs, beside the newest ones."""
