"""What the job writes to is away, held up or full, in mid-replay."""

import time

import pytest

from control_plane.jobs import lifecycle as job
from schemas.jobs import DEFAULT_JOB as JOB
from stack.services.flink import TASKMANAGER
from stack.services.postgres_installation import NAME as POSTGRES
from tests.drills.drill import OTHERS_SECONDS, Drill
from tests.drills.faults import away, full, kill, locked, processes, small_disk
from tests.drills.test_kills import restarted_after
from tests.waiting import wait_for

DISK_MEGABYTES = 16


@pytest.mark.drill("postgres-away")
def test_postgres_away_for_two_minutes_changes_no_row(drill: Drill) -> None:
    month, taskmanager = drill.month(), processes(drill.platform, TASKMANAGER)
    with drill.replaying(month, seconds=600) as replay:
        with away(drill.platform, POSTGRES, seconds=120):
            pass
        drill.recovers(within=OTHERS_SECONDS)
        assert processes(drill.platform, TASKMANAGER) == taskmanager, "another job would have ended with it"
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("slow-sink")
@pytest.mark.parametrize("table", ["on_time_windows", "all_trips"])
def test_a_table_that_is_locked_for_a_minute_changes_no_row(drill: Drill, table: str) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=480) as replay:
        with locked(drill.platform, table, seconds=60):
            pass
        drill.recovers(within=OTHERS_SECONDS)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


@pytest.mark.drill("checkpoint-disk-full")
def test_a_full_checkpoint_disk_changes_no_row_though_the_job_begins_again_meanwhile(drill: Drill) -> None:
    month = drill.month()
    checkpoints = drill.platform.endpoints.home / "flink" / "checkpoints"
    job.end(drill.platform.endpoints, JOB, savepoint=False)
    with small_disk(checkpoints, DISK_MEGABYTES):
        job.start(drill.platform.endpoints, JOB, fresh=True)
        with drill.replaying(month, seconds=480) as replay:
            with full(checkpoints, seconds=30):
                newest = drill.status().checkpoint
                killed_at = time.time()
                kill(drill.platform, TASKMANAGER)
            drill.recovers(within=OTHERS_SECONDS, missed=restarted_after(killed_at))
            wait_for(
                lambda: (found := drill.status().checkpoint) and newest and found.number > newest.number,
                stalled_seconds=OTHERS_SECONDS,
                what="a checkpoint after the disk had room again",
            )
            assert replay.is_under_way
        drill.assert_exact(month.oracle)
        job.end(drill.platform.endpoints, JOB, savepoint=False)
