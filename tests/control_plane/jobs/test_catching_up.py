"""When waiting for a version to catch up has no sense any more."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from control_plane.jobs.versions.catching_up import STUCK_SECONDS, CatchUpProgress, CatchUpWatch, hopeless
from schemas.errors import TransientError
from stack.waiting import StalledError, wait_until
from tests.clock import FakeClock

pytestmark = pytest.mark.unit

BEHIND = CatchUpProgress("it is 90 records behind", read=10, total=100)


def caught_up(clock: FakeClock, look: Callable[[], CatchUpProgress]) -> bool:
    """Wait as the command does, by a clock that does not run."""
    watch = CatchUpWatch(look, lambda _: None)
    return wait_until(
        watch.has_caught_up,
        what="zone_fares-2",
        progress=watch.progress,
        stalled_seconds=STUCK_SECONDS,
        on_waiting=lambda _: None,
        polling=clock.polling(),
    )


def test_a_version_that_comes_on_slowly_is_waited_for() -> None:
    clock = FakeClock()

    def look() -> CatchUpProgress:
        read = int(clock.now() // 100)
        return replace(BEHIND, read=read, missing="" if read == 50 else BEHIND.missing)

    assert caught_up(clock, look)
    assert clock.now() == 5_000


def test_a_version_that_stands_still_is_given_up_with_what_it_lacks() -> None:
    # A busy machine may hold it up for a minute, so two have to go by.
    clock = FakeClock()
    with pytest.raises(StalledError, match=r"after 120 s without progress .*it is 90 records behind"):
        caught_up(clock, lambda: BEHIND)
    assert 120 <= clock.now() <= 123


def test_a_version_that_was_never_seen_is_given_up_with_the_reason() -> None:
    def look() -> CatchUpProgress:
        raise TransientError("Flink does not answer")

    with pytest.raises(StalledError, match=r"after 120 s without progress .*Flink does not answer"):
        caught_up(FakeClock(), look)


def test_a_version_that_restarts_without_a_checkpoint_in_between_is_given_up_with_the_cause() -> None:
    restarting = [replace(BEHIND, restarts=count, failure="no such table") for count in range(4)]
    assert hopeless(restarting[:3]) == ""
    assert hopeless(restarting) == "it restarts repeatedly (no such table)"


def test_a_version_that_was_lost_with_a_taskmanager_now_and_then_is_waited_for() -> None:
    assert (
        hopeless([replace(BEHIND, restarts=count, checkpoints=count, read=count) for count in range(9)]) == ""
    )


def test_a_version_that_ended_is_given_up() -> None:
    assert hopeless([replace(BEHIND, has_ended=True)]) == "it no longer runs"
