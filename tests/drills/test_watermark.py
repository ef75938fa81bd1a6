"""Who may close a window: two publishers, subtasks without a partition, a job that restarts."""

import random
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from confluent_kafka.admin import NewPartitions

from control_plane.jobs import lifecycle as job
from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.status import JobStatus
from control_plane.jobs.upgrade import upgrade
from schemas.jobs import DEFAULT_JOB as JOB
from schemas.topics import DEFAULT_PARTITIONS, TRIPS_TOPIC
from stack.services.flink import TASKMANAGER
from stack.settings import ROOT
from tests.drills.change_audit import tables_schema
from tests.drills.drill import OTHERS_SECONDS, TASKMANAGER_SECONDS, Drill
from tests.drills.faults import kill
from tests.drills.rehearsal import SyntheticMonthFile, publish
from tests.drills.test_kills import restarted_after
from tests.drills.test_records import MAX_DISORDER_MS, MINUTE_MS, late_and_duplicates
from tests.drills.test_state import ADMIN_SECONDS, admin, tasks
from tests.producer.topics import Record, all_records
from tests.waiting import wait_for

CHUNKS = 24
CRASHES = 3
STALE_TRIPS = 50
WINDOWS_OF_TRIPS_ON_TIME = """
select
    taxi_type,
    pickup_zone_id,
    date_trunc('minute', dropoff_at) + ahead * interval '1 minute' as window_end,
    count(*)::bigint,
    sum(total_amount_cents)::bigint
from {schema}.all_trips
cross join generate_series(1, 15) as ahead
where on_time
group by 1, 2, 3
"""
WINDOWS_OF_THE_JOB = """
select taxi_type, pickup_zone_id, window_end, trips, total_amount_cents from {schema}.on_time_fares_15m
"""


@pytest.mark.drill("two-publishers")
def test_two_publishers_with_clocks_apart_and_crashes_leave_each_trip_in_one_place(drill: Drill) -> None:
    # publisher A  10 December ├── ─── ── ──┤      in pieces drawn by the seed, between which the
    # publisher B  11 December   ├── ── ─── ─┤     TaskManager is killed; pieces come while it is down
    month, draw = drill.month(), random.Random(drill.seed)  # noqa: S311 - no secret
    pieces = list(interleaved(drill.records(month), draw))
    crashes = set(draw.sample(range(1, len(pieces) - 1), CRASHES))
    for number, piece in enumerate(pieces):
        if number in crashes:
            await_checkpoint_of_all(drill)
            killed_at = time.time()
            kill(drill.platform, TASKMANAGER)
            publish(drill.platform, piece)
            drill.recovers(within=TASKMANAGER_SECONDS, missed=restarted_after(killed_at))
        else:
            publish(drill.platform, piece)
    late = assert_each_trip_in_one_place(drill, month)
    # From the beginning of the topic, which is read at once now, the same trips are late.
    job.end(drill.platform.endpoints, JOB)
    job.start(drill.platform.endpoints, JOB, fresh=True)
    assert assert_each_trip_in_one_place(drill, month) == late


def interleaved(partitions: Sequence[Sequence[Record]], draw: random.Random) -> Iterator[list[Record]]:
    """The two days of a month as two publishers send them: each in its order, one beside the other."""
    days = [[by_day(partition, day) for partition in partitions] for day in (10, 11)]
    sent = {(publisher, number): 0 for publisher in range(2) for number in range(len(partitions))}
    while left := [place for place in sent if sent[place] < len(days[place[0]][place[1]])]:
        publisher, number = draw.choice(left)
        records = days[publisher][number]
        begin = sent[publisher, number]
        sent[publisher, number] = begin + draw.randrange(1, len(records) * 2 // CHUNKS + 2)
        yield records[begin : sent[publisher, number]]


def by_day(partition: Sequence[Record], day: int) -> list[Record]:
    """What is published on that day of the month; what is of no day goes with the second."""
    return [one for one in partition if (clock_of(one).day == 10) == (day == 10)]


def clock_of(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)


def await_checkpoint_of_all(drill: Drill) -> None:
    """Wait until a checkpoint holds what stands on the topic: the windows have closed what they could."""
    wait_for(lambda: status(drill).flow.lag_records == 0, what="the job to read all")
    before = status(drill).checkpoints_completed
    wait_for(lambda: status(drill).checkpoints_completed > before + 1, what="a checkpoint")


def status(drill: Drill) -> JobStatus:
    """How the job does, and how far it is behind."""
    return JobSite.of(drill.platform.endpoints, JOB).status()


def assert_each_trip_in_one_place(drill: Drill, month: SyntheticMonthFile) -> set[str]:
    """Served is what the oracle says; the job's windows hold the trips on time and no other; late is what the
    topic's content says. Return the late trips.
    """
    drill.assert_exact(month.oracle)
    schema = tables_schema(drill.platform)
    trips, windows = (text.format(schema=schema) for text in (WINDOWS_OF_TRIPS_ON_TIME, WINDOWS_OF_THE_JOB))
    different = f"(({trips}) except ({windows})) union all (({windows}) except ({trips})) limit 5"
    assert drill.platform.query(different) == []
    late = {trip_id for (trip_id,) in drill.platform.query("select trip_id::text from taxi.late_trips")}
    assert late == late_by_content(drill, month)
    assert late_and_duplicates(drill) == (len(late), 0)
    audit = drill.taxi("audit", "--wait", "120")
    assert audit.returncode == 0, audit.stdout
    return late


def late_by_content(drill: Drill, month: SyntheticMonthFile) -> set[str]:
    """The trips that came when their minute was over, by their own clock or by what stood before them."""
    dropoffs_ms = {
        str(trip_id): int(dropoff_at.replace(tzinfo=UTC).timestamp() * 1000)
        for trip_id, dropoff_at in month.oracle.valid_trips().project("trip_id, dropoff_at").fetchall()
    }
    late = set()
    for partition in all_records(drill.platform.endpoints.kafka_bootstrap_servers, TRIPS_TOPIC):
        closed_ms = 0
        for one in partition:
            trip_id = one.key.decode(errors="replace")
            event_ms = one.timestamp_ms if one.is_marker else dropoffs_ms.get(trip_id, 0)
            minute_end_ms = (event_ms // MINUTE_MS + 1) * MINUTE_MS - 1
            if trip_id in dropoffs_ms and minute_end_ms <= max(closed_ms, one.timestamp_ms - MAX_DISORDER_MS):
                late.add(trip_id)
            closed_ms = max(closed_ms, event_ms - MAX_DISORDER_MS)
    return late


@pytest.mark.drill("rescale")
@pytest.mark.parametrize("partitions", [DEFAULT_PARTITIONS, 2 * DEFAULT_PARTITIONS])
def test_more_and_fewer_subtasks_than_partitions_close_windows_and_change_no_row(
    drill: Drill, monkeypatch: pytest.MonkeyPatch, partitions: int
) -> None:
    # 1 subtask, 4 subtasks, 3 subtasks; on two partitions some of them read none.
    month, endpoints = drill.month(), drill.platform.endpoints
    job.end(endpoints, JOB, savepoint=False)
    grow(drill, partitions)
    monkeypatch.setenv("FLINK_PARALLELISM", "1")
    job.start(endpoints, JOB, fresh=True)
    with drill.replaying(month, seconds=600) as replay:
        for parallelism in (4, 3):
            monkeypatch.setenv("FLINK_PARALLELISM", str(parallelism))
            assert upgrade(endpoints, JOB, ROOT)
            assert max(tasks(drill)) == parallelism
            drill.recovers(within=OTHERS_SECONDS)
            await_later_watermark(drill)
        assert replay.is_under_way
    drill.assert_exact(month.oracle)
    assert late_and_duplicates(drill)[0] == 0
    assert not status(drill).held_watermark


def await_later_watermark(drill: Drill) -> None:
    """Wait until the watermark of the windows moves: no subtask of the source holds it."""
    before = wait_for(lambda: drill.status().flow.watermark_ms, what="a watermark")
    wait_for(lambda: (drill.status().flow.watermark_ms or 0) > before, what="a later watermark")


def grow(drill: Drill, partitions: int) -> None:
    """Give the topic so many partitions."""
    if partitions > DEFAULT_PARTITIONS:
        client = admin(drill)
        client.create_partitions([NewPartitions(TRIPS_TOPIC, partitions)])[TRIPS_TOPIC].result(ADMIN_SECONDS)


@pytest.mark.drill("partitions-for-idle-subtasks")
def test_partitions_that_are_added_for_subtasks_without_one_lose_no_trip(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Four subtasks on two partitions, then on four: the job begins again by itself, and knows what is closed.
    month, endpoints = drill.month(), drill.platform.endpoints
    job.end(endpoints, JOB, savepoint=False)
    monkeypatch.setenv("FLINK_PARALLELISM", "4")
    job.start(endpoints, JOB, fresh=True)
    with drill.replaying(month, seconds=600) as replay:
        await_later_watermark(drill)
        replay.stop(signal.SIGINT)
        grow(drill, 2 * DEFAULT_PARTITIONS)
        stranger = stale_copies(drill)
        publish(drill.platform, stranger)
        wait_for(lambda: drill.status().restarts.count, what="the job to begin again")
        replay.start(str(month.span_seconds // 600))
        drill.recovers(within=OTHERS_SECONDS)
        await_later_watermark(drill)
    drill.assert_exact(month.oracle)
    assert "a partition was added" in drill.status().failure
    assert late_and_duplicates(drill) == (0, len(stranger))


def stale_copies(drill: Drill) -> list[Record]:
    """The first trips of the topic once more, as a stranger sends them whose clock is theirs, on a partition
    that was just added.
    """
    (first, *_) = all_records(drill.platform.endpoints.kafka_bootstrap_servers, TRIPS_TOPIC)
    known = accepted(drill)
    trips = [one for one in first if one.key in known]
    return [replace(one, partition=2 * DEFAULT_PARTITIONS - 1) for one in trips[:STALE_TRIPS]]


def accepted(drill: Drill) -> set[bytes]:
    """The keys of the trips that are served."""
    return {trip_id.encode() for (trip_id,) in drill.platform.query("select trip_id::text from taxi.trips")}
