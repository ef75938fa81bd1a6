"""When waiting for a version to catch up has no sense any more."""

from dataclasses import replace

import pytest

from control_plane.jobs.versions.catching_up import CatchUpProgress, hopeless

pytestmark = pytest.mark.unit

BEHIND = CatchUpProgress("it is 90 records behind", read=10, total=100)


def test_a_version_that_comes_on_slowly_is_waited_for() -> None:
    assert hopeless([replace(BEHIND, read=second, seconds=second * 100) for second in range(50)]) == ""


def test_a_version_that_stands_still_is_given_up_with_what_it_lacks() -> None:
    # A busy machine may hold it up for a minute, so two have to go by.
    assert hopeless([BEHIND, replace(BEHIND, seconds=119)]) == ""
    assert (
        hopeless([BEHIND, replace(BEHIND, seconds=121)]) == "has not moved for 120 s: it is 90 records behind"
    )


def test_a_version_that_restarts_without_a_checkpoint_in_between_is_given_up_with_the_cause() -> None:
    restarting = [replace(BEHIND, restarts=count, failure="no such table") for count in range(4)]
    assert hopeless(restarting[:3]) == ""
    assert hopeless(restarting) == "restarts over and over (no such table)"


def test_a_version_that_was_lost_with_a_taskmanager_now_and_then_is_waited_for() -> None:
    assert (
        hopeless([replace(BEHIND, restarts=count, checkpoints=count, read=count) for count in range(9)]) == ""
    )


def test_a_version_that_ended_is_given_up() -> None:
    assert hopeless([replace(BEHIND, has_ended=True)]) == "does not run any more"
