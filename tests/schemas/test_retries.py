"""What fails for a moment is asked again, ever more rarely; what will not pass is not."""

import pytest

from schemas.errors import TransientError, UserError
from schemas.retries import with_retries
from tests.clock import FakeClock

pytestmark = pytest.mark.unit


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def failing(times: int, error: Exception, calls: list[int]) -> int:
    calls.append(len(calls))
    if len(calls) <= times:
        raise error
    return len(calls)


def test_a_call_that_fails_for_a_moment_is_asked_again_ever_more_rarely(clock: FakeClock) -> None:
    calls: list[int] = []
    busy = TransientError("503")
    assert with_retries(lambda: failing(6, busy, calls), what="it", clock=clock.clock) == 7
    # 0.2, 0.4, 0.8 ... s and at most 5 s, each with up to 0.2 s by chance
    assert all(
        low <= slept <= min(5.0, low + 0.2)
        for low, slept in zip((0.2, 0.4, 0.8, 1.6, 3.2, 5.0), clock.sleeps, strict=True)
    )


def test_waits_between_attempts_differ_from_caller_to_caller() -> None:
    slept = []
    for _ in range(5):
        clock, calls = FakeClock(), list[int]()
        with_retries(lambda: failing(1, TransientError("503"), calls), what="it", clock=clock.clock)  # noqa: B023
        slept += clock.sleeps
    assert len(set(slept)) > 1


def test_a_permanent_error_is_not_asked_again(clock: FakeClock) -> None:
    calls: list[int] = []
    with pytest.raises(UserError, match="no such schema"):
        with_retries(lambda: failing(9, UserError("no such schema"), calls), what="it", clock=clock.clock)
    assert (calls, clock.sleeps) == ([0], [])


def test_a_call_that_goes_on_failing_raises_its_own_error_when_patience_is_over(clock: FakeClock) -> None:
    calls: list[int] = []
    with pytest.raises(TransientError, match="Kafka does not answer"):
        with_retries(
            lambda: failing(999, TransientError("Kafka does not answer"), calls),
            what="Kafka",
            patience_seconds=30,
            on_waiting=lambda _: None,
            clock=clock.clock,
        )
    assert clock.now() == pytest.approx(30, abs=5)


def test_a_retry_that_takes_longer_than_five_seconds_is_said_once(clock: FakeClock) -> None:
    lines: list[str] = []
    calls: list[int] = []
    refused = TransientError("connection refused")
    with_retries(
        lambda: failing(8, refused, calls),
        what="the schema registry at http://registry",
        on_waiting=lines.append,
        clock=clock.clock,
    )
    assert lines == ["waiting for the schema registry at http://registry (connection refused); retrying"]


def test_without_a_console_it_is_said_on_standard_error(
    clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []
    refused = TransientError("503")
    with_retries(lambda: failing(8, refused, calls), what="Kafka", clock=clock.clock)
    assert capsys.readouterr().err == "waiting for Kafka (503); retrying\n"
