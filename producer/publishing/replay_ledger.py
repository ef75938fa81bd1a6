"""Keep on disk what Kafka has acknowledged, so that a killed replay continues from there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.atomic_file import write_json


@dataclass(frozen=True)
class ReplayProgress:
    """`next_rows` holds for each partition the row of the prepared month before which all of its trips are
    acknowledged; `clock_ms` is the event clock of the partition that is furthest behind.
    """

    files: tuple[str, ...]
    topic: str
    next_rows: tuple[int, ...]
    end_row: int
    clock_ms: int
    is_complete: bool = False

    @property
    def next_row(self) -> int:
        """Return the row before which all trips are acknowledged, on every partition."""
        return min(self.next_rows)

    def next_rows_on(self, partition_count: int) -> tuple[int, ...]:
        """Return the same for a topic that now has `partition_count` partitions.

        Where partitions were added, trips have moved between them: all start at the row of the slowest one.
        """
        if len(self.next_rows) == partition_count:
            return self.next_rows
        return (self.next_row,) * partition_count


@dataclass(frozen=True)
class ReplayLedger:
    """The entry of one replay into one topic.

    A topic that was recreated has another id, so another ledger.
    """

    path: Path

    @classmethod
    def of(cls, home: Path, fingerprint: str, topic_id: str) -> "ReplayLedger":
        """Locate the entry of this replay."""
        return cls(home / "replays" / f"{fingerprint}@{topic_id}.json")

    def read(self) -> ReplayProgress | None:
        """Return the entry of this replay.

        None if the replay is new here, or the file is damaged: then trips are sent again.
        """
        try:
            values = json.loads(self.path.read_text("utf-8"))
            tuples = {"files": tuple(values["files"]), "next_rows": tuple(values["next_rows"])}
            return ReplayProgress(**values | tuples)
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def known_partitions(self) -> int:
        """Return the most partitions that any replay into this topic has recorded; 0 without replays."""
        _, topic_id = self.path.stem.split("@")
        entries = (ReplayLedger(path).read() for path in self.path.parent.glob(f"*@{topic_id}.json"))
        return max((len(entry.next_rows) for entry in entries if entry), default=0)

    def is_older_than_another(self) -> bool:
        """Return whether another replay into this topic began since; it writes before its first record."""
        _, topic_id = self.path.stem.split("@")
        written_ns = self.path.stat().st_mtime_ns
        others = self.path.parent.glob(f"*@{topic_id}.json")
        return any(other.stat().st_mtime_ns > written_ns for other in others)

    def write(self, entry: ReplayProgress) -> None:
        """Replace the entry atomically: a crash leaves the old one or the new one."""
        write_json(self.path, asdict(entry))
