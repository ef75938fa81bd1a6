"""The sliding windows of the served metric."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class SlidingWindows:
    """Windows of `size`, one starting every `slide`; events may be out of order by up to `max_disorder`."""

    size: timedelta
    slide: timedelta
    max_disorder: timedelta

    def __post_init__(self) -> None:
        if self.slide <= timedelta(0):
            raise ValueError(f"slide must be above 0, not {self.slide}")
        if self.slide > self.size:
            raise ValueError(
                f"slide {self.slide} > size {self.size}: trips between two windows would be in no window"
            )
        if self.size % self.slide:
            raise ValueError(
                f"size {self.size} is not a multiple of slide {self.slide}: windows could not share panes"
            )
        if self.max_disorder < timedelta(0):
            raise ValueError(f"max_disorder must not be negative, but is {self.max_disorder}")

    @property
    def panes(self) -> int:
        """The number of windows that contain each event."""
        return self.size // self.slide

    @property
    def flush(self) -> timedelta:
        """How far the event clock must pass the last event's minute to close that event's last window."""
        return self.size + self.max_disorder


ZONE_FARES = SlidingWindows(
    size=timedelta(minutes=15), slide=timedelta(minutes=1), max_disorder=timedelta(minutes=1)
)
"""Average trip cost by taxi type and pickup zone: `taxi.zone_fares_15m`."""
