"""How often, and how soon, a lost job is brought back."""

from pathlib import Path

import pytest

from control_plane.jobs.backoff import ATTEMPTS, LONGEST_PAUSE_SECONDS, BackoffStore, RestartBackoff

pytestmark = pytest.mark.unit


def after(*instants: float, proven_each_time: bool = False) -> RestartBackoff:
    """The backoff after attempts at these seconds."""
    backoff = RestartBackoff()
    for instant in instants:
        backoff = backoff.with_attempt(instant, "it failed during its start")
        backoff = backoff.reset() if proven_each_time else backoff
    return backoff


def test_a_job_that_was_never_lost_is_brought_back_at_once() -> None:
    assert RestartBackoff().next_at == 0


def test_each_attempt_of_the_last_hour_doubles_the_pause_before_the_next() -> None:
    #    0        5         15
    #    |--5 s---|--10 s---|--20 s---> 35
    assert [after(0).next_at, after(0, 5).next_at, after(0, 5, 15).next_at] == [5, 15, 35]
    assert after(0, 4_000).next_at == 4_005
    assert after(*range(20)).next_at == 19 + LONGEST_PAUSE_SECONDS


def test_a_job_is_given_up_when_it_dies_at_once_again_and_again() -> None:
    assert not after(*range(ATTEMPTS - 1)).gave_up
    assert after(*range(ATTEMPTS)).gave_up


def test_a_job_that_completes_checkpoints_is_never_given_up_and_one_that_does_again_is_not_any_more() -> None:
    assert not after(*range(10), proven_each_time=True).gave_up
    assert not after(*range(ATTEMPTS)).reset().gave_up


def test_what_was_done_outlives_the_keeper(tmp_path: Path) -> None:
    BackoffStore(tmp_path).write("job", after(1, 2))
    assert BackoffStore(tmp_path).read("job").with_attempt(3) == after(1, 2).with_attempt(3)
