"""Wait for a condition, for as long as its progress continues."""

import operator
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from tenacity import RetryCallState, Retrying, retry_if_exception_type, retry_if_result, wait_fixed

from schemas.errors import TransientError, UserError
from schemas.retries import CLOCK, Clock
from stack.console import print_message

STALLED_SECONDS = 60.0
LOOK_SECONDS = 1.0
"""Interval between two progress checks, which may cost a request."""
FIRST_NOTE_SECONDS = 5.0
NOTE_SECONDS = 10.0
REMEDY = "see ./taxi status and ./taxi logs NAME"

T = TypeVar("T")
OnWaiting = Callable[[str], None]


class StalledError(UserError):
    """The condition was not met, and its progress has stopped."""


@dataclass(frozen=True)
class WaitProgress:
    """The progress of a wait: `text` for users, `marks` for the values that show activity."""

    text: str = field(compare=False)
    marks: Hashable

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Polling:
    """The poll interval, and the clock to use."""

    seconds: float = 0.25
    clock: Clock = CLOCK


POLLING = Polling()


def no_progress() -> str:
    """Progress for conditions without any: the wait ends after its timeout."""
    return ""


def wait_until(
    probe: Callable[[], T | None],
    *,
    what: str,
    progress: Callable[[], Hashable] = no_progress,
    stalled_seconds: float = STALLED_SECONDS,
    on_waiting: OnWaiting = print_message,
    polling: Polling = POLLING,
) -> T:
    """Return the first true result of `probe`; raises StalledError after the timeout without progress.

    Any change of what `progress` returns restarts the timeout, and users see its text. A TransientError
    means: not yet. Any other error ends the wait, including one that `progress` raises.
    """
    watch = _StallWatch(what, progress, stalled_seconds, on_waiting, polling)
    retrying = Retrying(
        retry=retry_if_result(operator.not_) | retry_if_exception_type(TransientError),
        wait=wait_fixed(polling.seconds),
        sleep=polling.clock.sleep,
        stop=watch.has_stalled,
        before_sleep=watch.note,
        retry_error_callback=watch.fail,
    )
    return cast("T", retrying(probe))


class _StallWatch:
    """Timer since the last progress."""

    def __init__(
        self,
        what: str,
        progress: Callable[[], Hashable],
        stalled_seconds: float,
        on_waiting: OnWaiting,
        polling: Polling,
    ) -> None:
        self._what, self._progress, self._stalled_seconds = what, progress, stalled_seconds
        self._on_waiting, self._now = on_waiting, polling.clock.now
        self._began_at = self._moved_at = self._looked_at = self._now()
        self._note_at = self._began_at + FIRST_NOTE_SECONDS
        self._seen: Hashable = None

    def has_stalled(self, _: RetryCallState) -> bool:
        """Return whether the wait is over; check again first, as a busy machine may have delayed the wait."""
        now = self._now()
        if now - self._looked_at >= LOOK_SECONDS or now - self._moved_at > self._stalled_seconds:
            self._look()
        return self._looked_at - self._moved_at > self._stalled_seconds

    def note(self, state: RetryCallState) -> None:
        """Print the state of the wait from time to time."""
        now = self._now()
        if now >= self._note_at:
            self._note_at = now + NOTE_SECONDS
            seen = self._text(state)
            left = f": {seen}" if seen else ""
            self._on_waiting(f"waiting for {self._what}{left} ({now - self._began_at:.0f} s)")

    def fail(self, state: RetryCallState) -> None:
        """Raise the error that ends the wait."""
        seen, seconds = self._text(state), self._stalled_seconds
        last_seen = f" (last seen: {seen})" if seen else ""
        raise StalledError(
            f"timed out after {seconds:.0f} s without progress waiting for {self._what}{last_seen}", REMEDY
        ) from (state.outcome.exception() if state.outcome else None)

    def _look(self) -> None:
        try:
            seen = self._progress()
        except TransientError:
            seen = self._seen
        self._looked_at = self._now()
        if seen != self._seen:
            self._moved_at = self._looked_at
        self._seen = seen  # also where only its text has changed

    def _text(self, state: RetryCallState) -> str:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError):
            return error.message
        parts = self._seen if isinstance(self._seen, tuple) else (self._seen,)
        return ", ".join(str(part) for part in parts if part is not None and str(part))
