"""The status of a Flink job."""

import re
import time
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from control_plane.jobs.flink_rest import FlinkRest, Job
from control_plane.jobs.health import (
    NOT_RUNNING,
    HealthInputs,
    JobHealth,
    held_watermark,
    lost_source,
    verdict,
)
from control_plane.jobs.source_clocks import SourceClocks
from control_plane.topics import TopicEnds
from schemas.errors import UserError
from schemas.jobs import WRITER_PREFIX, WatchedSteps

REFRESH_SECONDS = 0.3
NO_WATERMARK, END_OF_ALL_TIMES = -(2**63), 2**63 - 1
"""Flink's watermark before the first record, and after the end of a bounded topic."""


@dataclass(frozen=True)
class Checkpoint:
    """The newest completed checkpoint; ages and durations in seconds."""

    number: int
    age_seconds: float
    duration_seconds: float
    size_bytes: int


@dataclass(frozen=True)
class Restarts:
    """The number of restarts, the time of the last (in seconds since the epoch), and its checkpoint."""

    count: int
    last_at: float | None
    restored_checkpoint: int | None


@dataclass(frozen=True)
class JobThroughput:
    """The throughput of the job; the lags are None when Kafka does not answer.

    The lag counts offsets, of partitions that hold an unread record: between records there may be transaction
    markers and other gaps.
    """

    records_read: int = 0
    read_per_second: float = 0
    records_written: int = 0
    back_pressure: float = 0
    """The share of time in which the most back-pressured task could not emit its output."""
    lag_records: int | None = None
    watermark_ms: int | None = None
    lacks_watermark: bool = False
    """The windows have no watermark yet; false for a job without windows."""
    event_clocks_ms: tuple[int, ...] = ()
    """How far the publishers' clock has advanced, by partition."""

    source_clocks: SourceClocks | None = None
    """How far the trips and markers that were read have advanced, by partition."""

    @property
    def partition_watermarks_ms(self) -> tuple[int, ...]:
        """The watermarks of the partitions that have one."""
        clocks = self.source_clocks.watermarks_ms if self.source_clocks else ()
        return tuple(clock for clock in clocks if clock is not None)

    @property
    def watermark_lag_seconds(self) -> float | None:
        """The watermark's lag behind the most advanced partition that was read, and behind the least clock.

        The greatest clock proves nothing: any producer's bytes may carry today's date.
        """
        if self.watermark_ms is None or not self.event_clocks_ms:
            return None
        furthest_ms = max(min(self.event_clocks_ms), *self.partition_watermarks_ms, self.watermark_ms)
        return (furthest_ms - self.watermark_ms) / 1000


@dataclass(frozen=True)
class JobStatus:
    """The state of a job as an operator sees it."""

    name: str
    state: str
    is_running: bool
    job_id: str
    uptime_seconds: float
    restarts: Restarts
    watermark: str | None
    records_read: int
    checkpoint: Checkpoint | None
    failure: str
    verdict: JobHealth
    flow: JobThroughput = JobThroughput()
    checkpoints_completed: int = 0
    watermark_lag_seconds: float | None = None
    lost_source: str = ""
    """What happened to the topic that the job has read and accounted for, where it has been replaced."""
    held_watermark: str = ""
    """Why no window closes although all is read; empty where windows close, or before the first record."""

    @property
    def reports_lag(self) -> bool:
        """Whether the service that runs the job reports how far it has read."""
        return True

    def lines(self) -> list[tuple[str, str]]:
        """Return label and value pairs for display."""
        flow = self.flow
        rows = [
            (self.name, f"{self.state}, {self.verdict.name}: {self.verdict.reason}"),
            ("up for", f"{self.uptime_seconds:,.0f} s, {self.restarts.count} restarts"),
            ("watermark", _watermark_text(self)),
            (
                "records read",
                f"{self.records_read:,}, {flow.read_per_second:,.0f} records/s, {_lag_text(flow)}",
            ),
            ("rows written", f"{flow.records_written:,}, back-pressure {flow.back_pressure:.0%}"),
            ("last checkpoint", _checkpoint_text(self.checkpoint)),
        ]
        return rows + ([("last failure", self.failure)] if self.failure else [])


def read_status(
    flink: FlinkRest, name: str, steps: WatchedSteps, ends: TopicEnds | None = None, topic_id: str = ""
) -> JobStatus:
    """Query the cluster for the newest job of this name, and Kafka for the lag and whether the topic has the
    id that the job has read."""
    lost = ends.replacement(topic_id) if ends and topic_id else ""
    try:
        known = flink.jobs(name)
    except UserError as unanswered:
        if not lost:
            raise
        return unreachable(name, unanswered.message, lost)
    if not known:
        return unreachable(name, "the job does not run", lost)
    job = known[0]
    _refresh_metrics(flink, job)
    details = flink.get(f"/jobs/{job.job_id}")
    checkpoints = flink.get(f"/jobs/{job.job_id}/checkpoints")
    restarts = _restarts(flink, job, details, checkpoints)
    checkpoint = _checkpoint(checkpoints)
    flow = _flow(flink, job, details, steps, ends)
    failure = flink.failure(job.job_id)
    facts = _facts(job, details, restarts, checkpoint, flow, failure)
    return JobStatus(
        name=name,
        state=job.state,
        is_running=job.is_running,
        job_id=job.job_id,
        uptime_seconds=details["duration"] / 1000,
        restarts=restarts,
        watermark=None if flow.watermark_ms is None else _wall_clock(flow.watermark_ms),
        records_read=flow.records_read,
        checkpoint=checkpoint,
        failure=failure,
        verdict=verdict(replace(facts, lost_source=lost, unfit_source=_unfit_source(ends))),
        flow=flow,
        checkpoints_completed=checkpoints.get("counts", {}).get("completed", 0),
        watermark_lag_seconds=flow.watermark_lag_seconds,
        lost_source=lost,
        held_watermark=held_watermark(facts) if job.is_running else "",
    )


def unreachable(name: str, reason: str, lost: str = "") -> JobStatus:
    """Return the status of a job that cannot be read; `lost` explains what happened to its topic."""
    down = lost_source(lost) if lost else JobHealth("down", reason)
    nothing = JobStatus(name, NOT_RUNNING, False, "", 0, Restarts(0, None, None), None, 0, None, "", down)
    return replace(nothing, lost_source=lost)


def _unfit_source(ends: TopicEnds | None) -> str:
    """Return the first topic setting that breaks the contract, and its fix."""
    unfit = next(iter(ends.unfit_settings()), None) if ends else None
    return f"topic {ends.topic} has {unfit}; {unfit.remedy}" if ends and unfit else ""


def _facts(
    job: Job,
    details: dict[str, Any],
    restarts: Restarts,
    checkpoint: Checkpoint | None,
    flow: JobThroughput,
    failure: str,
) -> HealthInputs:
    return HealthInputs(
        state=job.state,
        all_tasks_run=job.is_running,
        uptime_seconds=details["duration"] / 1000,
        last_restart_age_seconds=None if restarts.last_at is None else time.time() - restarts.last_at,
        last_failure=failure,
        checkpoint_age_seconds=checkpoint.age_seconds if checkpoint else None,
        lag_records=flow.lag_records,
        read_per_second=flow.read_per_second,
        back_pressure=flow.back_pressure,
        watermark_lag_seconds=flow.watermark_lag_seconds,
        records_read=flow.records_read,
        lacks_watermark=flow.lacks_watermark,
        watermark_holder=flow.source_clocks.holder if flow.source_clocks else "",
    )


def _refresh_metrics(flink: FlinkRest, job: Job) -> None:
    # Flink answers from its cache, and only then asks the TaskManagers: the first answer is stale.
    flink.get(f"/jobs/{job.job_id}/metrics")
    time.sleep(REFRESH_SECONDS)


def _restarts(flink: FlinkRest, job: Job, details: dict[str, Any], checkpoints: dict[str, Any]) -> Restarts:
    metrics = flink.get(f"/jobs/{job.job_id}/metrics?get=numRestarts")
    latest = checkpoints.get("latest") or {}
    last_at = details["timestamps"]["RESTARTING"] / 1000 or None
    # The metric lags while a TaskManager is missing; the restart itself is known earlier.
    counted = int(metrics[0]["value"]) if metrics else 0
    return Restarts(
        count=max(counted, int(last_at is not None)),
        last_at=last_at,
        restored_checkpoint=(latest.get("restored") or {}).get("id"),
    )


def _flow(
    flink: FlinkRest, job: Job, details: dict[str, Any], steps: WatchedSteps, ends: TopicEnds | None
) -> JobThroughput:
    reader = f"Source__{steps.source}"
    records_in, records_per_second = f"{reader}.numRecordsIn", f"{reader}.numRecordsInPerSecond"
    offsets = ends.offsets() if ends else ()
    partitions = (
        [_metrics_of_partition(reader, ends.topic, number) for number in range(len(offsets))] if ends else []
    )
    wanted = [name for partition in partitions for name in astuple(partition)]
    wanted += [records_in, records_per_second, "backPressuredTimeMsPerSecond"]
    figures = [_figures(flink, job, vertex, wanted) for vertex in details["vertices"]]
    source = next((one for one in figures if records_in in one), {})
    least_ms = _least_watermark_ms(flink, job, details, steps.event_clock)
    return JobThroughput(
        records_read=int(source.get(records_in, {}).get("sum", 0)),
        read_per_second=source.get(records_per_second, {}).get("sum", 0),
        records_written=sum(
            int(v["sum"])
            for one in figures
            for k, v in one.items()
            if k.startswith((WRITER_PREFIX, "Sink__"))
        ),
        back_pressure=max((_backpressure(one) for one in figures), default=0),
        lag_records=_lag(ends, offsets, [_position(source, partition) for partition in partitions])
        if ends
        else None,
        watermark_ms=None if least_ms in {NO_WATERMARK, END_OF_ALL_TIMES} else least_ms,
        lacks_watermark=least_ms == NO_WATERMARK,
        source_clocks=_source_clocks(source, partitions, ends, details, steps)
        if ends and partitions
        else None,
        event_clocks_ms=ends.event_clocks_ms() if ends else (),
    )


def _figures(
    flink: FlinkRest, job: Job, vertex: dict[str, Any], wanted: list[str]
) -> dict[str, dict[str, float]]:
    """Return the named metrics of a task, each with its sum and maximum over the subtasks."""
    # `write_trips: Writer`; in a release from before the connector `postgres-upsert`, `Sink: write_trips`.
    writers = re.findall(rf"Sink: {WRITER_PREFIX}\w+|{WRITER_PREFIX}\w+: Writer", vertex["name"])
    written = [f"{writer.replace(': ', '__')}.numRecordsIn" for writer in writers]
    query = f"get={','.join([*wanted, *written])}&agg=sum,max"
    answer = flink.get(f"/jobs/{job.job_id}/vertices/{vertex['id']}/subtasks/metrics?{query}")
    return {entry["id"]: entry for entry in answer}


def _backpressure(figures: dict[str, dict[str, float]]) -> float:
    return figures.get("backPressuredTimeMsPerSecond", {}).get("max", 0) / 1000


def _lag(ends: TopicEnds, offsets: tuple[int, ...], positions: list[int]) -> int | None:
    """Count the offsets in the topic that the job has not read; None until it reports its position.

    The position is after the last record; what follows may be a transaction marker, which consumers never
    get.
    """
    unread = [
        (position, end)
        for number, (position, end) in enumerate(zip(positions, offsets, strict=True))
        if max(position, 0) < end and ends.holds_records(number, position, end)
    ]
    if not offsets or any(position < 0 for position, _ in unread):
        return None
    return sum(end - position for position, end in unread)


@dataclass(frozen=True)
class _PartitionMetrics:
    """The names of a partition's metrics."""

    current_offset: str
    committed_offset: str
    watermark: str


def _metrics_of_partition(reader: str, topic: str, number: int) -> _PartitionMetrics:
    place = f"{reader}.KafkaSourceReader.topic.{topic}.partition.{number}"
    return _PartitionMetrics(
        current_offset=f"{place}.currentOffset",
        committed_offset=f"{place}.committedOffset",
        watermark=f"{reader}.split.{topic}-{number}.watermark.currentWatermark",
    )


def _source_clocks(
    source: dict[str, dict[str, float]],
    partitions: list[_PartitionMetrics],
    ends: TopicEnds,
    details: dict[str, Any],
    steps: WatchedSteps,
) -> SourceClocks:
    found = [source.get(partition.watermark, {}).get("max", NO_WATERMARK) for partition in partitions]
    widths = (v.get("parallelism", 0) for v in details["vertices"] if _has_step(v["name"], steps.source))
    return SourceClocks(
        topic=ends.topic,
        watermarks_ms=tuple(int(clock) if clock > NO_WATERMARK else None for clock in found),
        subtasks=int(next(widths, 0)),
    )


def _position(source: dict[str, dict[str, float]], partition: _PartitionMetrics) -> int:
    """Return the next offset that the job will read of a partition; -1 before it has reported one."""
    current = source.get(partition.current_offset, {}).get("max", -1)
    # A restored reader has no current offset before its first record, but commits the restored one.
    committed = source.get(partition.committed_offset, {}).get("max", -1)
    return int(max(current + 1 if current >= 0 else -1, committed))


def _least_watermark_ms(flink: FlinkRest, job: Job, details: dict[str, Any], event_clock: str) -> int | None:
    """Return the event time up to which results are complete: the least watermark of the step's task."""
    vertex = next((v["id"] for v in details["vertices"] if _has_step(v["name"], event_clock)), None)
    if vertex is None:
        return None
    values = flink.get(f"/jobs/{job.job_id}/vertices/{vertex}/watermarks")
    return min((int(value["value"]) for value in values), default=NO_WATERMARK)


def _has_step(task_name: str, step: str) -> bool:
    """Check whether a task, named by its steps as `Source: read -> (count, write)`, has this one."""
    return bool(step) and step in re.findall(r"\w+", task_name)


def _wall_clock(millis: int) -> str:
    # Naive New York time is carried as if it were UTC, so it is not converted on output either.
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _checkpoint(checkpoints: dict[str, Any]) -> Checkpoint | None:
    newest = (checkpoints.get("latest") or {}).get("completed")
    if not newest:
        return None
    return Checkpoint(
        number=newest["id"],
        age_seconds=time.time() - newest["latest_ack_timestamp"] / 1000,
        duration_seconds=newest["end_to_end_duration"] / 1000,
        size_bytes=newest["state_size"],
    )


def _watermark_text(found: JobStatus) -> str:
    behind = found.watermark_lag_seconds
    suffix = "" if behind is None else f", {behind:,.0f} s of event time behind the topic"
    return f"{found.watermark}{suffix}" if found.watermark else "none yet"


def _lag_text(flow: JobThroughput) -> str:
    return "lag not known yet" if flow.lag_records is None else f"{flow.lag_records:,} behind"


def _checkpoint_text(taken: Checkpoint | None) -> str:
    if taken is None:
        return "none yet"
    size, took = f"{taken.size_bytes / 1e6:.1f} MB", f"took {taken.duration_seconds:.1f} s"
    return f"#{taken.number}, {taken.age_seconds:.0f} s ago, {size}, {took}"
