"""How far the event time has come that a job's source has read, and what of it holds the watermark back."""

from dataclasses import dataclass

NAMED = 5
"""So many partitions are named; of more, the number is."""


@dataclass(frozen=True)
class SourceClocks:
    """The watermarks that the partitions of a topic make, by their number; None where none was made yet."""

    topic: str
    watermarks_ms: tuple[int | None, ...]
    subtasks: int
    """Of the source."""

    @property
    def holder(self) -> str:
        """Which partitions, or which subtasks, the watermark waits for."""
        known = [clock for clock in self.watermarks_ms if clock is not None]
        if len(known) < len(self.watermarks_ms):
            return f"{self._named(None)}, of which no trip and no marker has come since the job started"
        if self.subtasks > len(known):
            idle = self.subtasks - len(known)
            return f"{idle} of {self.subtasks} subtasks of the source, which read no partition"
        return f"{self._named(min(known))}, which gets no trips and no markers"

    def _named(self, watermark_ms: int | None) -> str:
        found = [number for number, clock in enumerate(self.watermarks_ms) if clock == watermark_ms]
        if len(found) > NAMED:
            return f"{len(found)} partitions of {self.topic}"
        return f"partition {', '.join(f'{self.topic}-{number}' for number in found)}"
