"""The verdict on a job: one case for each reason, and the one in which there is none."""

from dataclasses import replace
from typing import Any

import pytest

from control_plane.jobs.health import (
    GREATEST_WATERMARK_LAG_SECONDS,
    LONGEST_CATCH_UP_SECONDS,
    OLDEST_CHECKPOINT_SECONDS,
    RECENT_RESTART_SECONDS,
    HealthInputs,
    verdict,
)
from control_plane.jobs.source_clocks import SourceClocks
from control_plane.jobs.status import JobThroughput

pytestmark = pytest.mark.unit

WELL = HealthInputs(
    state="RUNNING",
    all_tasks_run=True,
    uptime_seconds=3600,
    last_restart_age_seconds=None,
    last_failure="",
    checkpoint_age_seconds=3,
    lag_records=0,
    read_per_second=100,
    back_pressure=0,
    watermark_lag_seconds=60,
)
NO_WINDOW_CLOSES = {
    "watermark_lag_seconds": None,
    "lacks_watermark": True,
    "records_read": 102,
    "watermark_holder": "it",
}


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        ({}, "healthy", "all tasks run, checkpoints complete, every record is read"),
        ({"lag_records": 9_000}, "healthy", "it is catching up with 9,000 records"),
        ({"lag_records": None}, "healthy", "the lag is not known yet"),
        ({"unfit_source": "topic trips has x"}, "degraded", "topic trips has x"),
        ({"lost_source": "topic trips was deleted"}, "down", "topic trips was deleted; run ./taxi reset"),
        ({"state": "FAILED", "last_failure": "disk full"}, "down", "the job is FAILED (disk full)"),
        ({"state": "NOT RUNNING"}, "down", "the job is NOT RUNNING"),
        ({"state": "RESTARTING", "all_tasks_run": False}, "degraded", "the job is RESTARTING"),
        ({"all_tasks_run": False}, "degraded", "not all tasks run"),
        ({"last_restart_age_seconds": 7, "last_failure": "x"}, "degraded", "it restarted 7 s ago (x)"),
        ({"checkpoint_age_seconds": None}, "degraded", "no checkpoint has completed yet"),
        ({"checkpoint_age_seconds": 90}, "degraded", "the last checkpoint completed 90 s ago"),
        (
            {"lag_records": 5, "read_per_second": 0},
            "degraded",
            "it reads nothing, although its lag is 5 records",
        ),
        ({"lag_records": 40_000}, "degraded", "its lag is 40,000 records at 100 records/s: 400 s"),
        ({"lag_records": 40_000, "back_pressure": 0.9}, "degraded", "back-pressured 90%"),
        ({"watermark_lag_seconds": 7200}, "degraded", "every record is read, but the watermark is 7,200 s"),
        (
            NO_WINDOW_CLOSES,
            "degraded",
            "all 102 records are read, but there is no watermark: it is held by it",
        ),
    ],
)
def test_each_reason_is_told(change: dict[str, Any], name: str, reason: str) -> None:
    found = verdict(replace(WELL, **change))
    assert found.name == name
    assert reason in found.reason


@pytest.mark.parametrize(
    "change",
    [
        {"last_restart_age_seconds": RECENT_RESTART_SECONDS + 1},
        {"checkpoint_age_seconds": None, "uptime_seconds": OLDEST_CHECKPOINT_SECONDS},
        {"lag_records": 100 * (LONGEST_CATCH_UP_SECONDS - 1)},
        {"lag_records": None},
        {"watermark_lag_seconds": GREATEST_WATERMARK_LAG_SECONDS},
        # While records wait, the distance of the watermark only says how fast the replay is.
        {"watermark_lag_seconds": 7200, "lag_records": 10},
        {**NO_WINDOW_CLOSES, "lag_records": 10},
        # Nothing has come yet, so nothing is held; nor by a source that has just begun.
        {**NO_WINDOW_CLOSES, "records_read": 0},
        {**NO_WINDOW_CLOSES, "uptime_seconds": OLDEST_CHECKPOINT_SECONDS},
        {**NO_WINDOW_CLOSES, "lag_records": None},
    ],
)
def test_what_is_within_its_bounds_is_healthy(change: dict[str, Any]) -> None:
    assert verdict(replace(WELL, **change)).name == "healthy"


def test_the_worst_reason_is_told_first() -> None:
    ill = replace(WELL, all_tasks_run=False, checkpoint_age_seconds=500, state="RESTARTING")
    assert "RESTARTING" in verdict(ill).reason


def test_windows_that_an_idle_partition_holds_back_are_counted_from_the_partition_that_is_furthest() -> None:
    # partition 0 is read up to 02:00, partition 1 gets nothing since 01:00, which is where the windows are.
    hour_ms = 3_600_000
    flow = JobThroughput(
        watermark_ms=hour_ms,
        event_clocks_ms=(2 * hour_ms, hour_ms),
        source_clocks=SourceClocks("trips", (2 * hour_ms, hour_ms), subtasks=2),
    )
    assert flow.watermark_lag_seconds == 3_600


@pytest.mark.parametrize(
    ("clocks", "subtasks", "holder"),
    [
        ((7_200_000, None), 2, "partition trips-1, which has had no trip or marker"),
        ((None, None, 5, None), 2, "partition trips-0, trips-1, trips-3, which has had no"),
        ((7_200_000, 3_600_000), 2, "partition trips-1, which gets neither trips nor markers"),
        ((3_600_000, 3_600_000), 4, "2 of 4 subtasks of the source, which read no partition"),
        ((*(None for _ in range(6)), 5), 2, "6 partitions of trips, which has had no"),
    ],
)
def test_what_holds_the_watermark_is_named(
    clocks: tuple[int | None, ...], subtasks: int, holder: str
) -> None:
    assert holder in SourceClocks("trips", clocks, subtasks).holder
