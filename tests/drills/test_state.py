"""The job's state and its place in the topic: handed over, damaged, lost, or spread anew."""

import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from control_plane.jobs import lifecycle as job
from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.records import JobRecords
from control_plane.jobs.upgrade import upgrade
from control_plane.topics import Topic, TopicEnds
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB as JOB
from schemas.topics import DEFAULT_PARTITIONS, TRIPS_TOPIC
from stack.services.flink import JOBMANAGER, TASKMANAGER
from stack.settings import ROOT
from tests.control_plane.jobs.test_job_life import slower_flush
from tests.drills.drill import OTHERS_SECONDS, TASKMANAGER_SECONDS, Drill
from tests.drills.faults import kill, processes
from tests.drills.rehearsal import publish
from tests.drills.test_kills import restarted_after
from tests.drills.test_records import late_and_duplicates
from tests.waiting import wait_for

ADMIN_SECONDS = 30
SOME_TRIPS = 40
JOBS = 14


@pytest.mark.drill("upgrade-and-rescale")
def test_a_savepoint_an_upgrade_and_another_parallelism_change_no_row(
    drill: Drill, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    month, endpoints = drill.month(), drill.platform.endpoints
    job.end(endpoints, JOB, savepoint=False)
    monkeypatch.setenv("FLINK_PARALLELISM", "1")
    job.start(endpoints, JOB, fresh=True)
    assert tasks(drill) == {1}
    with drill.replaying(month, seconds=480) as replay:
        assert upgrade(endpoints, JOB, slower_flush(tmp_path))
        drill.recovers(within=OTHERS_SECONDS)
        monkeypatch.setenv("FLINK_PARALLELISM", "2")
        assert upgrade(endpoints, JOB, ROOT)
        drill.recovers(within=OTHERS_SECONDS)
        assert max(tasks(drill)) == 2
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


def tasks(drill: Drill) -> set[int]:
    """In how many subtasks the steps of the running job are cut."""
    details = FlinkRest(drill.platform.endpoints.flink_rest_url).get(f"/jobs/{drill.status().job_id}")
    return {int(vertex["parallelism"]) for vertex in details["vertices"]}


@pytest.mark.drill("jobs-come-and-go")
def test_a_taskmanager_outlives_more_jobs_than_its_class_metadata_has_room_for(drill: Drill) -> None:
    # A job loads 19 MB of classes, of 256 that there are: what is not given back ends the twelfth.
    month, endpoints = drill.month(), drill.platform.endpoints
    (first, *_) = processes(drill.platform, TASKMANAGER)
    with drill.replaying(month, seconds=240) as replay:
        for _ in range(JOBS):
            job.end(endpoints, JOB)
            job.start(endpoints, JOB)
        drill.recovers(within=OTHERS_SECONDS)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)
    assert processes(drill.platform, TASKMANAGER)[0] == first


@pytest.mark.drill("newest-checkpoint-corrupt")
def test_a_lost_job_with_a_damaged_newest_checkpoint_goes_on_from_the_one_before(drill: Drill) -> None:
    month = drill.month()
    with drill.replaying(month, seconds=240) as replay:
        wait_for(lambda: drill.status().checkpoints_completed > 2, what="checkpoints")
        lost = drill.status().job_id
        killed_at = time.monotonic()
        kill(drill.platform, JOBMANAGER)
        newest, before, *_ = states(drill)
        (newest / "_metadata").write_bytes(b"damaged")
        drill.recovers(within=OTHERS_SECONDS, missed=lambda status: status.job_id != lost, since=killed_at)
        assert JobRecords(drill.platform.endpoints.home).read(JOB).runs[-1].origin == str(before)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)


def states(drill: Drill) -> list[Path]:
    """What the job can be restored from, newest first."""
    records = JobRecords(drill.platform.endpoints.home)
    return records.restore_points(JOB, records.read(JOB).topic_id)


@pytest.mark.drill("offsets-expired")
def test_records_that_kafka_deleted_unread_fail_the_job_and_are_not_skipped(drill: Drill) -> None:
    #            read by the job    deleted unread    still there
    # partition  ├──────────────┤ . . . . . . . . . ├─────────────┤
    month, endpoints = drill.month(), drill.platform.endpoints
    partitions = drill.records(month)
    halves = [len(partition) // 2 for partition in partitions]
    for partition, half in zip(partitions, halves, strict=True):
        publish(drill.platform, partition[:half])
    wait_for(lambda: drill.status().records_read == sum(halves), what="the first halves")
    job.end(endpoints, JOB)
    served = drill.received()
    for partition, half in zip(partitions, halves, strict=True):
        publish(drill.platform, partition[half:])
    delete_until(drill, {number: half + 50 for number, half in enumerate(halves)})
    with suppress(UserError):  # it may begin to run before it misses the records
        job.start(endpoints, JOB)
    reason = wait_for(lambda: out_of_range(drill), stalled_seconds=OTHERS_SECONDS, what="the reason")
    assert f"partition {TRIPS_TOPIC}-" in reason
    assert drill.received() == served
    drill.audit.assert_nothing_unexplained()
    # What an operator can do: accept the loss, and read what there is.
    job.end(endpoints, JOB, savepoint=False)
    job.start(endpoints, JOB, fresh=True)
    drill.recovers(within=OTHERS_SECONDS)


def delete_until(drill: Drill, offsets: dict[int, int]) -> None:
    """Have Kafka delete the records before these offsets, as a retention would."""
    positions = [TopicPartition(TRIPS_TOPIC, number, offset) for number, offset in offsets.items()]
    client = admin(drill)  # without a name it would be gone before it answers
    for answer in client.delete_records(positions).values():
        answer.result(ADMIN_SECONDS)


def out_of_range(drill: Drill) -> str:
    """What `./taxi job status` says of records that are gone, as soon as it does."""
    shown = drill.taxi("job", "status").stdout
    return shown if "out of range" in shown else ""


@pytest.mark.drill("partitions-added")
def test_partitions_that_are_added_while_the_job_runs_are_read_and_no_trip_is_lost(drill: Drill) -> None:
    # The first part of a replay on two partitions, the rest on four; meanwhile the job begins again.
    month = drill.month()
    with drill.replaying(month, seconds=240) as replay:
        replay.stop(signal.SIGINT)
        client = admin(drill)
        client.create_partitions([NewPartitions(TRIPS_TOPIC, 2 * DEFAULT_PARTITIONS)])[TRIPS_TOPIC].result(
            ADMIN_SECONDS
        )
        replay.start(str(month.span_seconds // 240))
        drill.recovers(within=OTHERS_SECONDS)
        wait_for(
            lambda: min(ends(drill), default=0) > SOME_TRIPS,
            stalled_seconds=OTHERS_SECONDS,
            what="trips on every partition",
        )
        killed_at = time.time()
        kill(drill.platform, TASKMANAGER)
        drill.recovers(within=TASKMANAGER_SECONDS, missed=restarted_after(killed_at))
        assert replay.is_under_way
    drill.assert_exact(month.oracle)
    assert len(ends(drill)) == 2 * DEFAULT_PARTITIONS
    assert late_and_duplicates(drill)[0] == 0


def ends(drill: Drill) -> tuple[int, ...]:
    """How many records stand on each partition; none while Kafka does not answer."""
    return TopicEnds(drill.platform.endpoints.kafka_bootstrap_servers).offsets()


def admin(drill: Drill) -> AdminClient:
    return AdminClient({"bootstrap.servers": drill.platform.endpoints.kafka_bootstrap_servers})


@pytest.mark.drill("topic-recreated")
def test_a_topic_that_is_recreated_under_the_job_stops_it_and_nothing_of_it_is_called_accounted_for(
    drill: Drill,
) -> None:
    # old topic   ├── read ──┤ 2,000 records of each partition
    # new topic   ├ skipped ─┼──── here the job would go on ────┤
    month, endpoints = drill.month(), drill.platform.endpoints
    partitions = drill.records(month)
    for partition in partitions:
        publish(drill.platform, partition[: len(partition) // 3])
    read = sum(len(partition) // 3 for partition in partitions)
    wait_for(lambda: drill.status().records_read == read, what="the old topic")
    wait_for(lambda: drill.status().checkpoints_completed > 1, what="checkpoints")
    topic = Topic(endpoints.kafka)
    topic.remove()
    topic.ensure()
    for partition in partitions:
        publish(drill.platform, partition)
    refusal = f"topic {TRIPS_TOPIC} was deleted and created again"
    wait_for(lambda: not FlinkRest(endpoints.flink_rest_url).live_job(JOB), what="the job to be stopped")
    assert refusal in drill.taxi("job", "status").stdout
    audited = drill.taxi("audit")
    assert (audited.returncode, "discrepancy between Kafka and the source" in audited.stdout) == (1, True)
    assert refusal in audited.stdout
    for verb in (["deploy"], ["deploy", "--fresh"], ["ensure"], ["upgrade"]):
        refused = drill.taxi("job", *verb)
        assert (refused.returncode, refusal in refused.stderr, "./taxi reset" in refused.stderr) == (
            1,
            True,
            True,
        )
    # What the message says is what helps.
    assert drill.taxi("reset", "--yes").returncode == 0
    drill.platform.execute("truncate drill_audit.changes")
    assert drill.taxi("job", "deploy").returncode == 0
    assert drill.taxi("replay", month.file).returncode == 0
    drill.assert_exact(month.oracle)
