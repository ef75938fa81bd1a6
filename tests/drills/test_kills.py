"""kill -9 of each part of the platform, in mid-replay."""

import signal
import time

import pytest

from control_plane.jobs.status import JobStatus
from stack.services.flink import JOBMANAGER, TASKMANAGER
from stack.services.kafka import NAME as KAFKA
from stack.services.postgres_installation import NAME as POSTGRES
from stack.services.registry import NAME as REGISTRY
from tests.drills.drill import OTHERS_SECONDS, TASKMANAGER_SECONDS, Drill, Seen
from tests.drills.faults import kill, processes
from tests.drills.rehearsal import SyntheticMonthFile
from tests.oracle.real_months import real_month
from tests.platform import Platform
from tests.waiting import wait_for

BURST = 3


def restarted_after(moment: float) -> Seen:
    """Whether the job has begun again since a moment of the wall clock."""

    def has(status: JobStatus) -> bool:
        return (status.restarts.last_at or 0) >= moment

    return has


@pytest.mark.drill("kill-taskmanager")
def test_a_taskmanager_killed_in_mid_replay_changes_no_row(drill: Drill) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=240) as replay:
        killed_at = time.time()
        kill(drill.platform, TASKMANAGER)
        drill.recovers(within=TASKMANAGER_SECONDS, missed=restarted_after(killed_at))
        assert replay.is_under_way
    assert drill.status().restarts.restored_checkpoint is not None
    drill.assert_exact(month.oracle)


@pytest.mark.drill("kill-taskmanager-again-and-again")
def test_a_taskmanager_killed_three_times_and_then_in_a_burst_changes_no_row(drill: Drill) -> None:
    month = SyntheticMonthFile(
        real_month("green_tripdata_2023-12.parquet"), "2023-12", span_seconds=31 * 86_400
    )
    with drill.replaying(month, seconds=600) as replay:
        for _ in range(3):
            killed_at = time.time()
            kill(drill.platform, TASKMANAGER)
            drill.recovers(within=TASKMANAGER_SECONDS, missed=restarted_after(killed_at))
        for _ in range(BURST):
            killed_at = time.time()
            kill_when_back(drill.platform, TASKMANAGER)
        drill.recovers(within=TASKMANAGER_SECONDS + BURST * 5, missed=restarted_after(killed_at))
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


def kill_when_back(platform: Platform, service: str) -> None:
    """Kill a part, and wait until the supervisor has started another."""
    before = {process.pid for process in processes(platform, service)}
    kill(platform, service)
    wait_for(
        lambda: {process.pid for process in processes(platform, service)} - before,
        what=f"another {service}",
    )


@pytest.mark.drill("kill")
@pytest.mark.parametrize("service", [KAFKA, POSTGRES])
def test_a_killed_broker_or_database_comes_back_and_no_row_changes(drill: Drill, service: str) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=240) as replay:
        kill(drill.platform, service)
        drill.recovers(within=OTHERS_SECONDS)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("kill-registry")
def test_a_registry_killed_with_the_decoders_that_need_it_changes_no_row(drill: Drill) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=240) as replay:
        killed_at = time.time()
        kill(drill.platform, REGISTRY)
        kill(drill.platform, TASKMANAGER)
        drill.recovers(within=OTHERS_SECONDS, missed=restarted_after(killed_at))
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("kill-jobmanager")
def test_a_killed_jobmanager_comes_back_and_no_row_changes(drill: Drill) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=240) as replay:
        lost = drill.status().job_id
        killed_at = time.monotonic()
        kill(drill.platform, JOBMANAGER)
        drill.recovers(within=OTHERS_SECONDS, missed=lambda status: status.job_id != lost, since=killed_at)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("kill-producer")
def test_a_replay_that_is_killed_and_started_again_changes_no_row(drill: Drill) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=60) as replay:
        replay.stop(signal.SIGKILL)
        replay.start(str(month.span_seconds // 60))
        drill.recovers(within=OTHERS_SECONDS)
        replay.stop(signal.SIGKILL)
    drill.assert_exact(month.oracle)
