"""The steps by which Flink is asked about a release."""

from pathlib import Path

import pytest

from control_plane.jobs.names import BEFORE_DECLARATIONS, watched_steps
from schemas.jobs import DEFAULT_JOB
from stack.settings import ROOT

pytestmark = pytest.mark.unit


def test_a_release_from_before_declarations_is_asked_by_the_names_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "flink_jobs" / DEFAULT_JOB).mkdir(parents=True)
    assert watched_steps(tmp_path, DEFAULT_JOB) == BEFORE_DECLARATIONS
    # The first job has kept its names, else its state would not fit.
    assert watched_steps(ROOT, DEFAULT_JOB) == BEFORE_DECLARATIONS
