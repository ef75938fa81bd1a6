"""The replays of the demo, watched until they end."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from control_plane.jobs.pipeline_progress import PipelineProgress
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.waiting import wait_until
from taxi_cli.demonstration.months import Process, start_producer

STALLED_SECONDS = 120.0
STOPPING_SECONDS = 5.0


def publish(endpoints: Endpoints, *arguments: str) -> None:
    """Run a replay; raises UserError if it fails, or when the pipeline makes no progress any more."""
    with _replaying(endpoints, arguments) as replay:
        _watch(endpoints, replay, lambda: replay.poll() is not None, "the end of the replay")


def publish_and_time(endpoints: Endpoints, *arguments: str, until: Callable[[], bool], what: str) -> float:
    """Do the same, and return the seconds until a condition holds, which may be after the replay's end."""
    begun = time.monotonic()
    with _replaying(endpoints, arguments) as replay:
        _watch(endpoints, replay, lambda: bool(replay.poll()) or until(), what)
        return time.monotonic() - begun


def _watch(endpoints: Endpoints, replay: Process, probe: Callable[[], bool], what: str) -> None:
    wait_until(
        probe,
        what=what,
        progress=PipelineProgress(endpoints, replay.pid),
        stalled_seconds=STALLED_SECONDS,
        on_waiting=lambda _: None,  # the replay shows its own progress
    )


@contextmanager
def _replaying(endpoints: Endpoints, arguments: tuple[str, ...]) -> Iterator[Process]:
    environment = {**endpoints.as_environment(), "TAXI_HOME": str(endpoints.home)}
    replay = start_producer("replay", *arguments, environment=environment)
    try:
        yield replay
        replay.wait()
    except KeyboardInterrupt:
        _let_stop(replay)
        raise
    except UserError:
        replay.kill()
        replay.wait()
        raise
    if replay.returncode:
        raise UserError("the replay failed", "see the message above")


def _let_stop(replay: Process) -> None:
    """Wait until a replay has stopped where it can be continued: Ctrl-C in a terminal reached it, too."""
    try:
        replay.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        replay.terminate()
        replay.wait()
