"""Ctrl-C and SIGTERM as a wish that is granted at the next good moment."""

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
    """Becomes requested when a signal comes."""

    is_requested: bool = False

    def check(self) -> None:
        """Raises StoppedByUser once a signal has come."""
        if self.is_requested:
            raise StoppedByUser("stopped; nothing was published")


@contextmanager
def listening() -> Iterator[Interruption]:
    """Note the first signal; a second one is obeyed at once."""
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
