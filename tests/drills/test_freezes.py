"""SIGSTOP of each part of the platform for a minute, in mid-replay, then SIGCONT."""

import time

import psutil
import pytest

from stack.services.flink import JOBMANAGER, TASKMANAGER
from stack.services.kafka import NAME as KAFKA
from stack.services.postgres_installation import NAME as POSTGRES
from stack.services.registry import NAME as REGISTRY
from tests.drills.drill import OTHERS_SECONDS, Drill
from tests.drills.faults import kill, processes, stopped
from tests.drills.test_kills import restarted_after

FROZEN_SECONDS = 60


@pytest.mark.drill("freeze")
@pytest.mark.parametrize("service", [TASKMANAGER, JOBMANAGER, KAFKA, POSTGRES])
def test_a_part_that_stood_still_for_a_minute_goes_on_and_no_row_changes(drill: Drill, service: str) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=480) as replay:
        begun_at = time.time()
        with stopped(processes(drill.platform, service), FROZEN_SECONDS):
            pass
        is_missed = service in {TASKMANAGER, JOBMANAGER}
        drill.recovers(
            within=OTHERS_SECONDS, missed=restarted_after(begun_at) if is_missed else lambda _: True
        )
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("freeze-registry")
def test_a_registry_that_stood_still_while_the_job_began_again_changes_no_row(drill: Drill) -> None:
    # The decoders keep what they have asked for: only those of a new TaskManager need the registry.
    month = drill.month()
    with drill.replaying(month, seconds=480) as replay:
        begun_at = time.time()
        with stopped(processes(drill.platform, REGISTRY), FROZEN_SECONDS):
            kill(drill.platform, TASKMANAGER)
        drill.recovers(within=OTHERS_SECONDS, missed=restarted_after(begun_at))
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("freeze-producer")
def test_a_replay_that_stood_still_for_a_minute_goes_on_and_no_row_changes(drill: Drill) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=480) as replay:
        with stopped([psutil.Process(replay.pid)], FROZEN_SECONDS):
            pass
        drill.recovers(within=OTHERS_SECONDS)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)
