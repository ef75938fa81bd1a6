"""The restart backoff of a job: how often and how soon it is restarted."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from schemas.atomic_file import write_json

ATTEMPTS = 3
"""Consecutive failed restarts; after these a user must act."""
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 300
ATTEMPT_WINDOW_SECONDS = 3600


@dataclass(frozen=True)
class RestartBackoff:
    """The restarts of one job; times in seconds since the epoch."""

    attempts: Sequence[float] = ()
    """The attempts of the last hour."""
    failed_attempts: int = 0
    """The attempts after which the job has not completed a checkpoint."""
    last_failure: str = ""

    @property
    def gave_up(self) -> bool:
        """Whether a user must act: a job that fails at once is not restarted forever."""
        return self.failed_attempts >= ATTEMPTS

    @property
    def next_at(self) -> float:
        """The time of the next attempt: each attempt of the last hour doubles the pause."""
        if not self.attempts:
            return 0
        pause = FIRST_PAUSE_SECONDS << (len(self.attempts) - 1)
        return self.attempts[-1] + min(LONGEST_PAUSE_SECONDS, pause)

    def with_attempt(self, now: float, last_failure: str = "") -> "RestartBackoff":
        """Return the backoff after an attempt."""
        recent = [at for at in self.attempts if at > now - ATTEMPT_WINDOW_SECONDS]
        return RestartBackoff((*recent, now), self.failed_attempts + 1, last_failure)

    def reset(self) -> "RestartBackoff":
        """Return the backoff after the job has completed a checkpoint, regardless of how it was started."""
        return replace(self, failed_attempts=0, last_failure="")


class BackoffStore:
    """The backoffs of one home, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> RestartBackoff:
        """Read the backoff of a job; an empty one when it was never restarted."""
        path = self._path(name)
        return RestartBackoff(**json.loads(path.read_text("utf-8"))) if path.exists() else RestartBackoff()

    def write(self, name: str, backoff: RestartBackoff) -> None:
        """Write it atomically."""
        write_json(self._path(name), asdict(backoff))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.backoff.json"
