"""Measures how far published records have passed through the job and its writers."""

from control_plane.jobs.local import LocalJob
from control_plane.jobs.status import JobStatus
from schemas.jobs import DEFAULT_JOB
from stack.endpoints import Endpoints
from stack.services.flink import TASKMANAGER
from stack.supervision.progress import CpuSeconds, ServiceProgress, processes
from stack.waiting import WaitProgress

MOST_RESTARTS = 5
WRITING_CHECKPOINTS = 2
"""The checkpoints after which the writers have flushed their buffers, once all is read."""


class PipelineProgress:
    """The lag, the event clock and the rows written; with a pid also the progress of that producer."""

    def __init__(self, endpoints: Endpoints, producer_pid: int = 0) -> None:
        self._job = LocalJob(endpoints, DEFAULT_JOB)
        self._taskmanager = ServiceProgress(endpoints.home, TASKMANAGER)
        self._producer = CpuSeconds(lambda: processes(producer_pid))
        self._position: object = None
        self._checkpoints_before = 0

    def __call__(self) -> WaitProgress:
        """Read the progress of the job."""
        now = self._job.status()
        position = (now.flow.lag_records, now.records_read, now.flow.watermark_ms, now.flow.records_written)
        if position != self._position:
            self._position, self._checkpoints_before = position, now.checkpoints_completed
        # Checkpoints never end; only the next ones can change anything.
        checkpoints = min(now.checkpoints_completed - self._checkpoints_before, WRITING_CHECKPOINTS)
        # A job in a restart loop keeps its TaskManager busy too.
        is_hopeless = now.restarts.count > MOST_RESTARTS
        at_work = None if is_hopeless else (now.state, self._taskmanager().marks)
        return WaitProgress(_text(now), (position, checkpoints, at_work, self._producer().marks))


def _text(now: JobStatus) -> str:
    if not now.is_running:
        return f"{now.name} is {now.state}: {now.verdict.reason}"
    lag, clock = now.flow.lag_records, now.watermark or "no time yet"
    behind = "the lag is not known yet" if lag is None else f"{lag:,} records behind"
    return f"{behind}, windows are closed up to {clock}, {now.flow.records_written:,} rows written"
