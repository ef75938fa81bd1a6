"""The status of a job, as it is put together from what a cluster answers."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from control_plane.jobs.flink_rest import FlinkRest, Job
from control_plane.jobs.status import JobStatus, read_status
from control_plane.topics import TopicEnds
from schemas.jobs import WatchedSteps
from schemas.topic_settings import UnfitSetting, unfit_settings

pytestmark = pytest.mark.unit

STEPS = WatchedSteps("read_rides", "count_hours")
JOB = Job("j1", "zone_hours", "RUNNING", 0.0, {"running": 2, "total": 2})
VERTICES = (
    {
        "id": "v1",
        "name": "Source: read_rides -> (select_for_count_hours, select_for_trips -> write_trips: Writer)",
    },
    {"id": "v2", "name": "count_hours -> Sink: write_hours"},
)
METRICS = {
    "v1": {
        "Source__read_rides.numRecordsIn": 70,
        "Source__read_rides.numRecordsInPerSecond": 7,
        "Source__read_rides.KafkaSourceReader.topic.trips.partition.0.currentOffset": 59,
        "Source__read_rides.split.trips-0.watermark.currentWatermark": 3_600_000,
        "write_trips__Writer.numRecordsIn": 60,
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

    def __init__(self, *, readable_until: int = 100, known_as: str | None = "1", retention: str = "") -> None:
        self.topic = "trips"
        self._readable_until = readable_until
        self._id = known_as
        self._retention = retention

    def topic_id(self) -> str | None:
        return self._id

    def holds_records(self, partition: int, start: int, end: int) -> bool:  # noqa: ARG002 - the interface
        return start < self._readable_until

    def unfit_settings(self) -> tuple[UnfitSetting, ...]:
        return unfit_settings({"retention.ms": self._retention}) if self._retention else ()

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


def status(ends: Ends, topic_id: str = "1") -> JobStatus:
    return read_status(cast(FlinkRest, Cluster()), "zone_hours", STEPS, ends, topic_id)


def test_behind_the_last_record_of_a_transaction_nothing_is_left_to_read() -> None:
    # read to 59; 60 to 99 is the end of a transaction and an aborted one
    assert status(Ends(readable_until=60)).flow.lag_records == 0
    assert status(Ends(readable_until=61)).flow.lag_records == 40


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("2", "topic trips was deleted and created again (its id was 1, now it is 2)"),
        ("", "topic trips was deleted (its id was 1)"),
    ],
)
def test_a_job_whose_topic_is_another_is_down_whatever_it_does(found: str, reason: str) -> None:
    running = status(Ends(known_as=found))
    absent = read_status(cast(FlinkRest, Cluster()), "other", STEPS, Ends(known_as=found), "1")
    for seen in (running, absent):
        assert seen.verdict.name == "down"
        assert seen.verdict.reason.startswith(reason)
        assert "./taxi reset" in seen.verdict.reason
        assert seen.lost_source.startswith(reason)


@pytest.mark.parametrize("found", ["1", None])
def test_the_known_topic_is_no_other_and_a_kafka_that_does_not_answer_says_nothing(found: str | None) -> None:
    assert status(Ends(known_as=found)).lost_source == ""


def test_a_setting_of_the_topic_that_loses_records_is_named() -> None:
    verdict = status(Ends(retention="604800000")).verdict
    assert (verdict.name, "topic trips has retention.ms=604800000" in verdict.reason) == ("degraded", True)
    assert "set retention.ms=-1 on the topic" in verdict.reason
