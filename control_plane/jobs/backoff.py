"""How often a lost job may be brought back, and how soon."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ATTEMPTS = 3
"""In vain, one after the other; then a person must look."""
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 300
REMEMBERED_SECONDS = 3600


@dataclass(frozen=True)
class Care:
    """What was done for one job; times in seconds since the epoch."""

    attempts: Sequence[float] = ()
    """Those of the last hour."""
    in_vain: int = 0
    """Those after which the job has not completed a checkpoint."""
    trouble: str = ""

    @property
    def gave_up(self) -> bool:
        """Whether it is a person's turn: a job that dies at once is not to be started for ever."""
        return self.in_vain >= ATTEMPTS

    @property
    def next_at(self) -> float:
        """When the job may be brought back: each attempt of the last hour doubles the pause."""
        if not self.attempts:
            return 0
        pause = FIRST_PAUSE_SECONDS << (len(self.attempts) - 1)
        return self.attempts[-1] + min(LONGEST_PAUSE_SECONDS, pause)

    def attempted(self, now: float, trouble: str = "") -> "Care":
        """After an attempt."""
        recent = [at for at in self.attempts if at > now - REMEMBERED_SECONDS]
        return Care((*recent, now), self.in_vain + 1, trouble)

    def proven(self) -> "Care":
        """After the job has completed a checkpoint: whoever started it, it gets on."""
        return replace(self, in_vain=0, trouble="")


class Cares:
    """The cares of one home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Care:
        """What was done for a job; nothing when it was never lost."""
        path = self._path(name)
        return Care(**json.loads(path.read_text("utf-8"))) if path.exists() else Care()

    def write(self, name: str, care: Care) -> None:
        """Keep it, whole or not at all."""
        draft = self._path(name).with_suffix(".part")
        draft.write_text(json.dumps(asdict(care)), "utf-8")
        draft.replace(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.care.json"
