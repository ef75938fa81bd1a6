"""How far what was published has come through the job and its writers."""

from control_plane.jobs.local import LocalJob
from control_plane.jobs.status import JobStatus
from schemas.jobs import DEFAULT_JOB
from stack.endpoints import Endpoints
from stack.services.flink import TASKMANAGER
from stack.supervision.progress import CpuSeconds, ServiceProgress, processes
from stack.waiting import WaitProgress

MOST_RESTARTS = 5
WRITING_CHECKPOINTS = 2
"""What the writers hold back when all is read, they have written by then."""


class PipelineProgress:
    """The records behind, the event clock and the rows written; with a pid also what that producer does."""

    def __init__(self, endpoints: Endpoints, producer_pid: int = 0) -> None:
        self._job = LocalJob(endpoints, DEFAULT_JOB)
        self._taskmanager = ServiceProgress(endpoints.home, TASKMANAGER)
        self._producer = CpuSeconds(lambda: processes(producer_pid))
        self._position: object = None
        self._checkpoints_before = 0

    def __call__(self) -> WaitProgress:
        """Look at the job."""
        now = self._job.status()
        position = (now.flow.lag_records, now.records_read, now.flow.watermark_ms, now.flow.records_written)
        if position != self._position:
            self._position, self._checkpoints_before = position, now.checkpoints_completed
        # Checkpoints never end; only the next ones can move anything.
        checkpoints = min(now.checkpoints_completed - self._checkpoints_before, WRITING_CHECKPOINTS)
        # A job that restarts over and over keeps its TaskManager busy too.
        is_hopeless = now.restarts.count > MOST_RESTARTS
        at_work = None if is_hopeless else (now.state, self._taskmanager().marks)
        return WaitProgress(_text(now), (position, checkpoints, at_work, self._producer().marks))


def _text(now: JobStatus) -> str:
    if not now.is_running:
        return f"{now.name} is {now.state}: {now.verdict.reason}"
    lag, clock = now.flow.lag_records, now.watermark or "no time yet"
    behind = "it is not known yet how many records are behind" if lag is None else f"{lag:,} records behind"
    return f"{behind}, windows are closed up to {clock}, {now.flow.records_written:,} rows written"
