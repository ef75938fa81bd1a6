"""How far the event time of a job's source has advanced, and which partitions hold back the watermark."""

from dataclasses import dataclass

NAMED = 5
"""The number of partitions listed by name; of more, only the count is given."""


@dataclass(frozen=True)
class SourceClocks:
    """The watermarks of a topic's partitions, by number; None where there is none yet."""

    topic: str
    watermarks_ms: tuple[int | None, ...]
    subtasks: int
    """The parallelism of the source."""

    @property
    def holder(self) -> str:
        """The partitions, or the subtasks, that hold back the watermark."""
        known = [clock for clock in self.watermarks_ms if clock is not None]
        if len(known) < len(self.watermarks_ms):
            return f"{self._named(None)}, which has had no trip or marker since the job started"
        if self.subtasks > len(known):
            idle = self.subtasks - len(known)
            return f"{idle} of {self.subtasks} subtasks of the source, which read no partition"
        return f"{self._named(min(known))}, which gets neither trips nor markers"

    def _named(self, watermark_ms: int | None) -> str:
        found = [number for number, clock in enumerate(self.watermarks_ms) if clock == watermark_ms]
        if len(found) > NAMED:
            return f"{len(found)} partitions of {self.topic}"
        return f"partition {', '.join(f'{self.topic}-{number}' for number in found)}"
