"""A wait goes on while something moves, and says what is left."""

from collections.abc import Hashable

import pytest

from schemas.errors import TransientError, UserError
from stack.waiting import StalledError, WaitProgress, wait_until
from tests.clock import FakeClock

pytestmark = pytest.mark.unit


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_wait_goes_on_for_as_long_as_something_moves(clock: FakeClock) -> None:
    #  0 s       59 s      118 s            1,000 s
    #  |---------|---------|---- ... -------|
    #  records   behind    fall             none: it is over, though no look came within 60 s of the first
    behind = iter(range(1_000, 0, -1))
    answer = wait_until(
        lambda: "balanced" if clock.now() >= 1_000 else None,
        what="the ledger",
        progress=lambda: next(behind),
        stalled_seconds=1.5,
        on_waiting=lambda _: None,
        polling=clock.polling(),
    )
    assert answer == "balanced"
    assert clock.now() == 1_000


def test_a_wait_ends_so_many_seconds_after_the_last_move_and_says_what_was_seen(clock: FakeClock) -> None:
    with pytest.raises(StalledError) as stalled:
        wait_until(
            lambda: False,
            what="the last window",
            progress=lambda: f"{max(0, 30_787 - 1_000 * int(clock.now())):,} records behind",
            stalled_seconds=60,
            on_waiting=lambda _: None,
            polling=clock.polling(),
        )
    # The last records are read in the 31st second.
    assert clock.now() == pytest.approx(31 + 60, abs=1)
    assert str(stalled.value) == (
        "timed out after 60 s without progress waiting for the last window (last seen: 0 records behind);"
        " see ./taxi status and ./taxi logs NAME"
    )


def test_a_wait_without_anything_to_look_at_ends_after_its_seconds(clock: FakeClock) -> None:
    with pytest.raises(
        StalledError, match=r"^timed out after 60 s without progress waiting for supervisord; see"
    ):
        wait_until(lambda: None, what="supervisord", on_waiting=lambda _: None, polling=clock.polling())
    assert clock.now() == pytest.approx(60, abs=2)


def test_a_wait_says_after_five_seconds_and_then_every_ten_what_is_left(clock: FakeClock) -> None:
    lines: list[str] = []
    wait_until(
        lambda: clock.now() >= 30,
        what="zone_fares to run",
        progress=lambda: f"{int(clock.now() // 6)} of 9 tasks run",
        on_waiting=lines.append,
        polling=clock.polling(),
    )
    assert lines == [
        "waiting for zone_fares to run: 0 of 9 tasks run (5 s)",
        "waiting for zone_fares to run: 2 of 9 tasks run (15 s)",
        "waiting for zone_fares to run: 4 of 9 tasks run (25 s)",
    ]


def test_what_is_there_at_once_costs_no_look_and_no_sleep(clock: FakeClock) -> None:
    looks: list[Hashable] = []
    answer = wait_until(lambda: 7, what="it", progress=lambda: looks.append(1), polling=clock.polling())
    assert (answer, looks, clock.sleeps) == (7, [], [])


def test_the_text_of_a_progress_is_for_people_and_only_its_marks_count(clock: FakeClock) -> None:
    with pytest.raises(StalledError, match=r"last seen: silent for 6\d s"):
        wait_until(
            lambda: False,
            what="the keeper",
            progress=lambda: WaitProgress(f"silent for {clock.now():.0f} s", "no mark"),
            on_waiting=lambda _: None,
            polling=clock.polling(),
        )


def test_several_sources_are_one_progress_and_any_of_them_keeps_the_wait_going(clock: FakeClock) -> None:
    wait_until(
        lambda: clock.now() >= 500,
        what="Kafka",
        progress=lambda: (WaitProgress("its log is still", 0), int(clock.now() // 50)),
        stalled_seconds=60,
        on_waiting=lambda _: None,
        polling=clock.polling(),
    )
    assert clock.now() == 500


def test_a_transient_error_means_not_yet_and_is_what_was_seen_last(clock: FakeClock) -> None:
    def refused() -> bool:
        raise TransientError("Flink does not answer at http://flink")

    with pytest.raises(StalledError, match=r"last seen: Flink does not answer at http://flink\)"):
        wait_until(refused, what="the job", on_waiting=lambda _: None, polling=clock.polling())


def test_a_permanent_error_ends_a_wait_at_once(clock: FakeClock) -> None:
    def failed() -> bool:
        raise UserError("zone_fares failed during its start")

    with pytest.raises(UserError, match=r"^zone_fares failed during its start$"):
        wait_until(failed, what="the job", polling=clock.polling())
    assert clock.sleeps == []


def test_a_machine_that_held_us_up_is_no_standstill_of_what_we_wait_for(clock: FakeClock) -> None:
    #  one look every 100 s, because this process gets no CPU either: each finds that something moved
    answer = wait_until(
        lambda: clock.now() >= 1_000,
        what="it",
        progress=clock.now,
        stalled_seconds=60,
        on_waiting=lambda _: None,
        polling=clock.polling(100),
    )
    assert answer
