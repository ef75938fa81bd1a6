"""Handle Ctrl-C and SIGTERM as a request to stop at the next safe point."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from producer.errors import StoppedByUser

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Interruption:
    """A request to stop, set by a signal."""

    is_requested: bool = False

    def check(self) -> None:
        """Raise StoppedByUser once a signal has arrived."""
        if self.is_requested:
            raise StoppedByUser("stopped; nothing was published")


@contextmanager
def listening() -> Iterator[Interruption]:
    """Record the first signal; a second one stops the process at once."""
    interruption = Interruption()
    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}

    def note(number: int, _frame: FrameType | None) -> None:
        interruption.is_requested = True
        signal.signal(number, handlers[number])

    for number in handlers:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
