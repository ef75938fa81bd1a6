"""What has been published for certain, on disk: a replay that was killed goes on from there."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from producer.errors import UserError


@dataclass(frozen=True)
class Entry:
    """Trips before `next_row` of the prepared month are acknowledged; `clock_ms` is the event clock there."""

    files: tuple[str, ...]
    topic: str
    next_row: int
    end_row: int
    clock_ms: int
    is_complete: bool = False


@dataclass(frozen=True)
class ReplayLedger:
    """The entry of one replay into one topic; a topic that is made anew has another id, so another ledger."""

    path: Path

    @classmethod
    def of(cls, home: Path, fingerprint: str, topic_id: str) -> "ReplayLedger":
        """Where the entry of this replay stands."""
        return cls(home / "replays" / f"{fingerprint}@{topic_id}.json")

    def read(self) -> Entry | None:
        """The entry; None when the replay is new here, or the file is damaged (then trips are sent again)."""
        try:
            values = json.loads(self.path.read_text("utf-8"))
            return Entry(**values | {"files": tuple(values["files"])})
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def is_older_than_another(self) -> bool:
        """Whether another replay into the same topic has begun since: it writes before its first record."""
        _, topic_id = self.path.stem.split("@")
        written_ns = self.path.stat().st_mtime_ns
        others = self.path.parent.glob(f"*@{topic_id}.json")
        return any(other.stat().st_mtime_ns > written_ns for other in others)

    def write(self, entry: Entry) -> None:
        """Replace the entry in one step: a crash leaves the old one or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(asdict(entry), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)


@contextmanager
def only_replay_into(topic: str, home: Path, topic_id: str) -> Iterator[None]:
    """Keep others out: two replays into one topic would make each other's trips late."""
    lock = home / "replays" / f"{topic_id}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"another replay is publishing to topic {topic}", "wait for it or stop it"
            ) from None
        yield
