"""Waits for a condition, for as long as what is waited for moves."""

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
"""Between two looks at the progress, which may cost a request."""
FIRST_NOTE_SECONDS = 5.0
NOTE_SECONDS = 10.0
REMEDY = "see ./taxi status and ./taxi logs NAME"

T = TypeVar("T")
OnWaiting = Callable[[str], None]


class StalledError(UserError):
    """What was waited for did not come, and nothing moved any more."""


@dataclass(frozen=True)
class WaitProgress:
    """How far something is: `text` for people, `marks` for what shows that it moves."""

    text: str = field(compare=False)
    marks: Hashable

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Polling:
    """How often to look, and by which clock."""

    seconds: float = 0.25
    clock: Clock = CLOCK


POLLING = Polling()


def no_progress() -> str:
    """For what shows nothing on its way: such a wait ends after its seconds."""
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
    """The first true answer of `probe`; raises StalledError after so many seconds without progress.

    Any change of what `progress` returns starts the seconds again, and its text is what a person reads of the
    wait. A TransientError means: not yet. Any other error ends the wait, also one that `progress` raises.
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
    """Knows since when nothing has moved."""

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
        """Whether the wait is over; never without a last look, as a busy machine may have held us up too."""
        now = self._now()
        if now - self._looked_at >= LOOK_SECONDS or now - self._moved_at > self._stalled_seconds:
            self._look()
        return self._looked_at - self._moved_at > self._stalled_seconds

    def note(self, state: RetryCallState) -> None:
        """Say now and then what is waited for."""
        now = self._now()
        if now >= self._note_at:
            self._note_at = now + NOTE_SECONDS
            seen = self._text(state)
            left = f": {seen}" if seen else ""
            self._on_waiting(f"waiting for {self._what}{left} ({now - self._began_at:.0f} s)")

    def fail(self, state: RetryCallState) -> None:
        """Raise what ends the wait."""
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
        self._seen = seen  # also where only its text is new

    def _text(self, state: RetryCallState) -> str:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError):
            return error.message
        parts = self._seen if isinstance(self._seen, tuple) else (self._seen,)
        return ", ".join(str(part) for part in parts if part is not None and str(part))
