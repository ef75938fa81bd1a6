"""Retry calls that fail transiently, with exponential backoff and jitter.

It is in `schemas` because the producer and the control plane call the same servers, and `schemas` is the only
package that both may import.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from schemas.errors import TransientError

PATIENCE_SECONDS = 60.0
NOTE_AFTER_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """The current time, and a way to wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


def transient_reason(error: BaseException) -> str:
    """Return why an error is transient, for users; empty for one that is not marked as transient."""
    return str(error.__cause__ or error) if isinstance(error, TransientError) else ""


def print_note(line: str) -> None:
    """Print a line on standard error; an active progress bar replaces this function."""
    print(line, file=sys.stderr)  # noqa: T201 - the producer and the stack have consoles of their own


def with_retries(
    call: Callable[[], T],
    *,
    what: str,
    passing: Callable[[BaseException], str] = transient_reason,
    patience_seconds: float = PATIENCE_SECONDS,
    on_waiting: Callable[[str], None] = print_note,
    clock: Clock = CLOCK,
) -> T:
    """Return the result of `call`, retried while `passing` returns why its error is transient.

    Raises the last error when the time is up, and any other error at once.
    """
    watch = _RetryWatch(what, passing, patience_seconds, on_waiting, clock)
    retrying = Retrying(
        retry=retry_if_exception(lambda error: bool(passing(error))),
        wait=wait_exponential_jitter(
            multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS, jitter=FIRST_PAUSE_SECONDS
        ),
        sleep=clock.sleep,
        stop=watch.is_over,
        before_sleep=watch.note,
        reraise=True,
    )
    return retrying(call)


class _RetryWatch:
    """Timer of how long a call has been failing."""

    def __init__(
        self,
        what: str,
        passing: Callable[[BaseException], str],
        patience_seconds: float,
        on_waiting: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._what, self._passing, self._patience_seconds = what, passing, patience_seconds
        self._on_waiting, self._now = on_waiting, clock.now
        self._began_at, self._has_noted = self._now(), False

    def is_over(self, _: RetryCallState) -> bool:
        """Return whether the time is up."""
        return self._now() - self._began_at > self._patience_seconds

    def note(self, state: RetryCallState) -> None:
        """Print once that a service does not answer."""
        error = state.outcome.exception() if state.outcome else None
        if self._has_noted or error is None or self._now() - self._began_at < NOTE_AFTER_SECONDS:
            return
        self._has_noted = True
        self._on_waiting(f"waiting for {self._what} ({self._passing(error)}); retrying")
