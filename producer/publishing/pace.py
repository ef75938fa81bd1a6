"""Map event time to wall time."""

import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from producer.instants import instant_of
from schemas.errors import UserError

AS_FAST_AS_POSSIBLE = math.inf


NEW_YORK = ZoneInfo("America/New_York")


def new_york_now() -> datetime:
    """Return New York's wall-clock time, without a time zone."""
    return datetime.now(NEW_YORK).replace(tzinfo=None)


@dataclass(frozen=True)
class Pace:
    """Event seconds per second; a live replay keeps its event clock at New York's present time."""

    speedup: float
    is_live: bool = False

    def pacer(self, clock_ms: int, wall: float) -> "Pacer":
        """Return the pacer of a replay that is at `clock_ms` now."""
        return Pacer(instant_of(new_york_now()) if self.is_live else clock_ms, wall, self.speedup)


@dataclass(frozen=True)
class Pacer:
    """From `event_start_ms` at `wall_start` on, event time runs `speedup` times faster than wall time."""

    event_start_ms: int
    wall_start: float
    speedup: float

    def __post_init__(self) -> None:
        if not self.speedup > 0:
            raise ValueError(f"speedup must be above 0, not {self.speedup}: event time must advance")

    def event_at(self, wall: float) -> float:
        """Return where the event clock should be; infinite when it is not paced."""
        if math.isinf(self.speedup):
            return math.inf
        return self.event_start_ms + (wall - self.wall_start) * 1000 * self.speedup

    def wall_of(self, event_ms: float) -> float:
        """Return the wall time at which an event is due."""
        return self.wall_start + (event_ms - self.event_start_ms) / 1000 / self.speedup

    def lag_seconds(self, clock_ms: float, wall: float) -> float:
        """Return how many wall seconds the replay is behind its pace."""
        if math.isinf(self.speedup):
            return 0.0
        return max(0.0, wall - self.wall_of(clock_ms))


def parse_speedup(text: str) -> float:
    """Parse `600`, `0.5` or `max`."""
    if text == "max":
        return AS_FAST_AS_POSSIBLE
    try:
        speedup = float(text)
    except ValueError:
        speedup = math.nan
    if not 0 < speedup < math.inf:
        raise UserError(f"invalid --speedup {text}", "give event seconds per second, like 600, or max")
    return speedup
