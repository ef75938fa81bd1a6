"""A clock that only sleeping moves."""

from dataclasses import dataclass, field

from schemas.retries import Clock
from stack.waiting import Polling


@dataclass
class FakeClock:
    """Counts the seconds that were slept, and remembers each sleep."""

    seconds: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Since the clock was made."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Pass without waiting."""
        self.sleeps.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        """The same for whom it is given to."""
        return Clock(self.now, self.sleep)

    def polling(self, seconds: float = 1.0) -> Polling:
        """Look so often by this clock."""
        return Polling(seconds, self.clock)
