"""How a Flink job does."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack.flink_rest import FlinkRest, Job

REFRESH_SECONDS = 0.3
NO_WATERMARK = -(2**63)


@dataclass(frozen=True)
class Checkpoint:
    """The newest completed checkpoint; ages and durations in seconds."""

    number: int
    age_seconds: float
    duration_seconds: float
    size_bytes: int


@dataclass(frozen=True)
class Restarts:
    """How often the job began again, when last (in seconds since the epoch), and from which checkpoint."""

    count: int
    last_at: float | None
    restored_checkpoint: int | None


@dataclass(frozen=True)
class JobStatus:
    """The state of a job as an operator asks for it."""

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

    def lines(self) -> list[tuple[str, str]]:
        """Label and value, for a person."""
        taken = self.checkpoint
        checkpoint = (
            f"#{taken.number}, {taken.age_seconds:.0f} s ago, {taken.size_bytes / 1e6:.1f} MB,"
            f" took {taken.duration_seconds:.1f} s"
            if taken
            else "none yet"
        )
        rows = [
            (self.name, self.state),
            ("up for", f"{self.uptime_seconds:,.0f} s, {self.restarts.count} restarts"),
            ("watermark", self.watermark or "none yet"),
            ("records read", f"{self.records_read:,}"),
            ("last checkpoint", checkpoint),
        ]
        return rows + ([("last failure", self.failure)] if self.failure else [])


def read_status(flink: FlinkRest, name: str) -> JobStatus:
    """Ask the cluster for the newest job of this name."""
    known = flink.jobs(name)
    if not known:
        return JobStatus(name, "NOT RUNNING", False, "", 0, Restarts(0, None, None), None, 0, None, "")
    job = known[0]
    _refresh_metrics(flink, job)
    details = flink.get(f"/jobs/{job.job_id}")
    return JobStatus(
        name=name,
        state=job.state,
        is_running=job.is_running,
        job_id=job.job_id,
        uptime_seconds=details["duration"] / 1000,
        restarts=_restarts(flink, job, details),
        watermark=_watermark(flink, job, details),
        records_read=_records_read(flink, job, details),
        checkpoint=_checkpoint(flink, job),
        failure=_failure(flink, job),
    )


def _refresh_metrics(flink: FlinkRest, job: Job) -> None:
    # Flink answers from what it knows, and only then asks the TaskManagers: the first answer is an old one.
    flink.get(f"/jobs/{job.job_id}/metrics")
    time.sleep(REFRESH_SECONDS)


def _restarts(flink: FlinkRest, job: Job, details: dict[str, Any]) -> Restarts:
    metrics = flink.get(f"/jobs/{job.job_id}/metrics?get=numRestarts")
    latest = flink.get(f"/jobs/{job.job_id}/checkpoints").get("latest") or {}
    last_at = details["timestamps"]["RESTARTING"] / 1000 or None
    # The metric lags behind while a TaskManager is missed; that there was a restart is known before.
    counted = int(metrics[0]["value"]) if metrics else 0
    return Restarts(
        count=max(counted, int(last_at is not None)),
        last_at=last_at,
        restored_checkpoint=(latest.get("restored") or {}).get("id"),
    )


def _watermark(flink: FlinkRest, job: Job, details: dict[str, Any]) -> str | None:
    """The event time up to which windows are closed: the least watermark of the task that sums them."""
    vertex = next((v["id"] for v in details["vertices"] if "sum_windows" in v["name"]), None)
    values = flink.get(f"/jobs/{job.job_id}/vertices/{vertex}/watermarks") if vertex else []
    least = min((int(value["value"]) for value in values), default=NO_WATERMARK)
    return None if least == NO_WATERMARK else _wall_clock(least)


def _wall_clock(millis: int) -> str:
    # Naive New York time is carried as if it were UTC: nothing is converted on the way out either.
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _records_read(flink: FlinkRest, job: Job, details: dict[str, Any]) -> int:
    vertex = next((v["id"] for v in details["vertices"] if "read_trips" in v["name"]), None)
    query = "get=Source__read_trips.numRecordsIn&agg=sum"
    answer = flink.get(f"/jobs/{job.job_id}/vertices/{vertex}/subtasks/metrics?{query}") if vertex else []
    return int(answer[0]["sum"]) if answer else 0


def _checkpoint(flink: FlinkRest, job: Job) -> Checkpoint | None:
    latest = flink.get(f"/jobs/{job.job_id}/checkpoints").get("latest") or {}
    newest = latest.get("completed")
    if not newest:
        return None
    return Checkpoint(
        number=newest["id"],
        age_seconds=time.time() - newest["latest_ack_timestamp"] / 1000,
        duration_seconds=newest["end_to_end_duration"] / 1000,
        size_bytes=newest["state_size"],
    )


def _failure(flink: FlinkRest, job: Job) -> str:
    entries = flink.get(f"/jobs/{job.job_id}/exceptions")["exceptionHistory"]["entries"]
    return str(entries[0]["exceptionName"]) if entries else ""
