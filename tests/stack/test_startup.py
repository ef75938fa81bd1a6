"""When a service that does not become healthy is given up."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from stack import lifecycle
from stack.settings import StackSettings
from stack.startup import MOST_EXITS, ExitCount, ServiceFailedError
from stack.supervision.supervisor import ProgramState

pytestmark = pytest.mark.unit


def test_a_service_that_starts_once_more_is_waited_for() -> None:
    exits = ExitCount()
    for started_at in range(1, MOST_EXITS + 1):
        exits.note(ProgramState("BACKOFF", 0, started_at))
        exits.note(ProgramState("RUNNING", 10 + started_at, started_at))


def test_a_service_that_ends_again_and_again_is_given_up_at_once() -> None:
    exits = ExitCount()
    for started_at in range(1, MOST_EXITS + 1):
        exits.note(ProgramState("BACKOFF", 0, started_at))
    with pytest.raises(ServiceFailedError, match=rf"^it exited {MOST_EXITS} times and is BACKOFF$"):
        exits.note(ProgramState("BACKOFF", 0, MOST_EXITS + 1))


def test_a_service_that_supervisord_has_given_up_is_given_up_at_once() -> None:
    with pytest.raises(ServiceFailedError, match=r"^it exited and is FATAL$"):
        ExitCount().note(ProgramState("FATAL", 0, 1))


@pytest.mark.parametrize("variable", ["TAXI_HOME", "TAXI_CACHE_DIR"])
def test_a_folder_that_cannot_be_created_is_named_before_anything_starts(
    tmp_path: Path, variable: str
) -> None:
    folders = {"TAXI_HOME": str(tmp_path / "home"), "TAXI_CACHE_DIR": str(tmp_path / "cache")}
    settings = StackSettings.from_environment({**folders, variable: "/dev/null/folder"})
    with pytest.raises(UserError, match=f"^{variable}=/dev/null/folder cannot be created"):
        lifecycle.up(settings)
