"""Waits for a condition."""

import time
from collections.abc import Callable
from typing import TypeVar

from schemas.errors import UserError

POLL_SECONDS = 0.25

T = TypeVar("T")


def poll(probe: Callable[[], T | None], *, seconds: float, what: str, every: float = POLL_SECONDS) -> T:
    """Ask `probe` until it answers something true; raises UserError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise UserError(f"waited {seconds:.0f} s for {what} in vain", "see ./taxi status and ./taxi logs")
        time.sleep(every)
    return answer
