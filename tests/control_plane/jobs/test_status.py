"""The status of a job, as it is put together from what a cluster answers."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from control_plane.jobs.flink_rest import FlinkRest, Job
from control_plane.jobs.status import read_status
from control_plane.topics import TopicEnds
from schemas.jobs import WatchedSteps

pytestmark = pytest.mark.unit

STEPS = WatchedSteps("read_rides", "count_hours")
JOB = Job("j1", "zone_hours", "RUNNING", 0.0, {"running": 2, "total": 2})
VERTICES = (
    {
        "id": "v1",
        "name": "Source: read_rides -> (select_for_count_hours, select_for_trips -> Sink: write_trips)",
    },
    {"id": "v2", "name": "count_hours -> Sink: write_hours"},
)
METRICS = {
    "v1": {
        "Source__read_rides.numRecordsIn": 70,
        "Source__read_rides.numRecordsInPerSecond": 7,
        "Source__read_rides.KafkaSourceReader.topic.trips.partition.0.currentOffset": 59,
        "Source__read_rides.split.trips-0.watermark.currentWatermark": 3_600_000,
        "Sink__write_trips.numRecordsIn": 60,
    },
    "v2": {"Sink__write_hours.numRecordsIn": 5},
}


@dataclass
class Cluster:
    """It runs one job of two tasks, and knows no other metric than those above."""

    paths: list[str] = field(default_factory=list)

    def jobs(self, name: str) -> list[Job]:
        return [JOB] if name == JOB.name else []

    def failure(self, _: str) -> str:
        return ""

    def get(self, path: str) -> Any:
        self.paths.append(path)
        place, _, query = path.removeprefix("/jobs/j1").partition("?")
        if place.endswith("/subtasks/metrics"):
            known = METRICS[place.split("/")[2]]
            wanted = query.removeprefix("get=").partition("&")[0].split(",")
            return [{"id": name, "sum": known[name], "max": known[name]} for name in wanted if name in known]
        if place.endswith("/watermarks"):
            return [{"id": "0", "value": {"v1": "1", "v2": "7200000"}[place.split("/")[2]]}]
        answers = {"": {"duration": 1000, "timestamps": {"RESTARTING": 0}, "vertices": VERTICES}}
        return answers.get(place, {})


class Ends(TopicEnds):
    """A topic of one partition with a hundred records, whose publisher's clock is at three o'clock."""

    def __init__(self) -> None:
        self.topic = "trips"

    def offsets(self) -> tuple[int, ...]:
        return (100,)

    def event_clocks_ms(self) -> tuple[int, ...]:
        return (10_800_000,)


def test_flink_is_asked_by_the_names_that_the_job_declares() -> None:
    found = read_status(cast(FlinkRest, Cluster()), "zone_hours", STEPS, Ends())
    assert (found.records_read, found.flow.read_per_second, found.flow.records_written) == (70, 7, 65)
    assert (found.flow.lag_records, found.flow.partition_watermarks_ms) == (40, (3_600_000,))
    assert (found.flow.watermark_ms, found.watermark) == (7_200_000, "1970-01-01 02:00:00")


def test_a_job_without_an_event_clock_has_no_watermark() -> None:
    cluster = Cluster()
    found = read_status(cast(FlinkRest, cluster), "zone_hours", WatchedSteps("read_rides"), Ends())
    assert (found.records_read, found.watermark, found.watermark_lag_seconds) == (70, None, None)
    assert not [path for path in cluster.paths if path.endswith("/watermarks")]


def test_a_step_is_known_by_its_whole_name() -> None:
    # select_for_count_hours is a step of the first task, whose watermark is another.
    found = read_status(cast(FlinkRest, Cluster()), "zone_hours", WatchedSteps("read_rides", "count"), Ends())
    assert found.watermark is None
