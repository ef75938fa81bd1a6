"""The parts of Flink's REST API that the job life cycle needs."""

import ssl
from collections import Counter
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

from schemas.errors import TransientError, UserError
from schemas.retries import with_retries
from stack.toolchain.java import innermost_cause
from stack.waiting import WaitProgress, wait_until

NO_IDLE_CONNECTIONS = httpx.Limits(max_keepalive_connections=0)
"""A kept connection to a JobManager that has restarted in the meantime would fail the next request."""
ENDED_STATES = frozenset({"FINISHED", "CANCELED", "FAILED"})
STALLED_SAVEPOINT_SECONDS = 120.0
PATIENCE_SECONDS = 30.0
MOST_START_FAILURES = 3
ANSWER_SECONDS, CHANGE_SECONDS = 10, 60
"""Request timeouts; a request that changes something is not retried, so it gets longer."""


@dataclass(frozen=True)
class Job:
    """A job as the overview lists it; `started_at` in seconds since the epoch."""

    job_id: str
    name: str
    state: str
    started_at: float
    tasks: dict[str, int]

    @property
    def is_running(self) -> bool:
        """Whether every task runs: Flink calls a job RUNNING while its tasks are still being deployed."""
        return self.state == "RUNNING" and self.tasks.get("running", 0) == self.tasks.get("total", -1)


@dataclass(frozen=True)
class Slots:
    """The free and the total task slots of a cluster."""

    free: int
    total: int


class TransientFlinkError(TransientError):
    """Flink answered with a server error, or timed out."""


class UnreachableFlinkError(TransientError):
    """Connection refused at Flink's address: a killed JobManager is restarted within seconds."""


class FlinkRest:
    """A Flink cluster, reached by its REST address."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(
            base_url=url, trust_env=False, verify=_trusted(), limits=NO_IDLE_CONNECTIONS
        )

    def jobs(self, name: str) -> list[Job]:
        """List every job of this name that the cluster remembers, newest first."""
        found = [_job(entry) for entry in self.get("/jobs/overview")["jobs"] if entry["name"] == name]
        return sorted(found, key=lambda job: -job.started_at)

    def live_job(self, name: str) -> Job | None:
        """Return the job of this name that has not ended."""
        return next((job for job in self.jobs(name) if job.state not in ENDED_STATES), None)

    def cancel(self, job_id: str) -> None:
        """Cancel a job without a savepoint; its newest checkpoint is retained."""
        self._call("PATCH", f"/jobs/{job_id}?mode=cancel")
        self._await_end(job_id)

    def stop_with_savepoint(self, job_id: str, folder: str) -> str:
        """Stop a job gracefully; return the path of its savepoint."""
        body = {"targetDirectory": folder, "drain": False}
        trigger = self._call("POST", f"/jobs/{job_id}/stop", json=body)["request-id"]
        done = self._await_savepoint(job_id, trigger)
        self._await_end(job_id)
        return done

    def take_savepoint(self, job_id: str, folder: str) -> str:
        """Take a savepoint while the job continues to run; return its path."""
        body = {"target-directory": folder, "cancel-job": False}
        trigger = self._call("POST", f"/jobs/{job_id}/savepoints", json=body)["request-id"]
        return self._await_savepoint(job_id, trigger)

    def savepoint_is_under_way(self, job_id: str) -> bool:
        """Check whether the job is writing a savepoint now, perhaps to stop with it."""
        return bool(self.snapshots_under_way(job_id, savepoints=True))

    def completed_checkpoints(self, job_id: str) -> int:
        """Return how many checkpoints the job has completed since it was submitted."""
        return int(self.get(f"/jobs/{job_id}/checkpoints").get("counts", {}).get("completed", 0))

    def failure(self, job_id: str) -> str:
        """Return the root cause of the job's newest failure; empty when it never failed."""
        return next(iter(self.failures(job_id)), "")

    def failures(self, job_id: str) -> list[str]:
        """List the root cause of each failure that Flink remembers, newest first."""
        entries = self.get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        return [innermost_cause(entry.get("stacktrace", "")) or entry["exceptionName"] for entry in entries]

    def answers(self) -> bool:
        """Check whether the JobManager answers."""
        try:
            return bool(self.get("/overview"))
        except UserError:
            return False

    def slots(self) -> "Slots":
        """Return the task slots of the cluster; none when it does not answer."""
        try:
            overview = self.get("/overview")
        except UserError:
            return Slots(0, 0)
        return Slots(int(overview["slots-available"]), int(overview["slots-total"]))

    def checkpoint_folder(self) -> str:
        """Return the address of the folder where the cluster keeps checkpoints; empty where it has none."""
        options = {option["key"]: str(option["value"]) for option in self.get("/jobmanager/config")}
        return options.get("execution.checkpointing.dir", "")

    def running_names(self) -> list[str]:
        """List the names of all jobs that have not ended."""
        jobs = self.get("/jobs/overview")["jobs"]
        return sorted(entry["name"] for entry in jobs if entry["state"] not in ENDED_STATES)

    def start_progress(self, job: Job) -> WaitProgress:
        """Return how many tasks of a job run; restarts alone do not count as progress."""
        running, total = job.tasks.get("running", 0), job.tasks.get("total", 0)
        text, failures = f"{running} of {total} tasks run", self.failures(job.job_id)
        if failures:
            text = f"{text}; failures: {len(failures)}, last failure: {failures[0]}"
        is_hopeless = len(failures) > MOST_START_FAILURES
        return WaitProgress(text, None if is_hopeless else frozenset(job.tasks.items()))

    def savepoint_progress(self, job_id: str) -> WaitProgress:
        """Return how much of a running savepoint is written, and the records processed ahead of its
        barriers."""
        written, job = self.snapshots_under_way(job_id, savepoints=True), self.get(f"/jobs/{job_id}")
        moved = [
            (task["metrics"]["read-records"], task["metrics"]["write-records"]) for task in job["vertices"]
        ]
        text = ", ".join(f"{done} of {total} subtasks have written their part" for done, total, _ in written)
        return WaitProgress(text or f"the job is {job['state']}", (written, job["state"], tuple(moved)))

    def snapshots_under_way(self, job_id: str, *, savepoints: bool) -> tuple[tuple[int, int, int], ...]:
        """List the savepoints or checkpoints in progress: completed subtasks, all subtasks, and bytes."""
        return tuple(
            (entry["num_acknowledged_subtasks"], entry["num_subtasks"], entry["state_size"])
            for entry in self.get(f"/jobs/{job_id}/checkpoints").get("history", [])
            if entry["is_savepoint"] == savepoints and entry["status"] == "IN_PROGRESS"
        )

    def get(self, path: str) -> Any:
        """Return the JSON answer to a GET; retries while Flink changes state or is busy."""
        return with_retries(
            lambda: self._call("GET", path),
            what=f"Flink at {self._client.base_url}",
            passing=lambda error: str(error) if isinstance(error, TransientFlinkError) else "",
            patience_seconds=PATIENCE_SECONDS,
        )

    def _await_savepoint(self, job_id: str, trigger: str) -> str:
        path = f"/jobs/{job_id}/savepoints/{trigger}"
        try:
            answer = wait_until(
                lambda: _completed(self.get(path)),
                what="the savepoint",
                progress=lambda: self.savepoint_progress(job_id),
                stalled_seconds=STALLED_SAVEPOINT_SECONDS,
            )
        except UserError as failure:
            raise UserError(f"{failure.message}{self._held_back(job_id)}", failure.remedy) from failure
        if "failure-cause" in answer["operation"]:
            cause = answer["operation"]["failure-cause"]["class"]
            raise UserError(
                f"Flink could not take the savepoint ({cause})", "see ./taxi logs flink-jobmanager"
            )
        return str(answer["operation"]["location"]).removeprefix("file:")

    def _held_back(self, job_id: str) -> str:
        """List the tasks that have not written their part of the savepoint in progress."""
        history = self.get(f"/jobs/{job_id}/checkpoints").get("history", [])
        under_way = next(
            (e["id"] for e in history if e["is_savepoint"] and e["status"] == "IN_PROGRESS"), None
        )
        if under_way is None:
            return ""
        names = {task["id"]: task["name"] for task in self.get(f"/jobs/{job_id}")["vertices"]}
        tasks = self.get(f"/jobs/{job_id}/checkpoints/details/{under_way}")["tasks"]
        missing = [
            f"{names[task_id]} ({task['num_acknowledged_subtasks']} of {task['num_subtasks']} subtasks)"
            for task_id, task in tasks.items()
            if task["num_acknowledged_subtasks"] < task["num_subtasks"]
        ]
        return f": not written by {'; '.join(missing)}" if missing else ""

    def _await_end(self, job_id: str) -> None:
        wait_until(
            lambda: self.get(f"/jobs/{job_id}")["state"] in ENDED_STATES,
            what="the job to end",
            progress=lambda: _end_progress(self.get(f"/jobs/{job_id}")),
        )

    def _call(self, method: str, path: str, **options: Any) -> Any:
        seconds = ANSWER_SECONDS if method == "GET" else CHANGE_SECONDS
        try:
            answer = self._client.request(method, path, timeout=seconds, **options)
            answer.raise_for_status()
        except httpx.HTTPStatusError as refusal:
            status = refusal.response.status_code
            kind = TransientFlinkError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else UserError
            raise kind(
                f"Flink answered {status} to {method} {path}{_reason(refusal.response)}",
                "see ./taxi logs flink-jobmanager",
            ) from refusal
        except httpx.TransportError as failure:
            kind = UnreachableFlinkError if isinstance(failure, httpx.ConnectError) else TransientFlinkError
            where = self._client.base_url
            raise kind(f"Flink does not answer at {where}", "see ./taxi status") from failure
        return answer.json()


@cache
def _trusted() -> ssl.SSLContext:
    """Load the certificate authorities once: it takes a tenth of a second, too much for each poll."""
    return httpx.create_ssl_context(trust_env=False)


def _reason(answer: httpx.Response) -> str:
    """Return the root cause that Flink gives with an error response."""
    try:
        causes = [innermost_cause(error) or error for error in answer.json()["errors"] if error]
    except (ValueError, KeyError, TypeError):
        return ""
    return f" ({causes[-1].strip().splitlines()[0]})" if causes else ""


def _task_counts(job: Any) -> Counter[str]:
    """Count the subtasks of a job by state."""
    counts: Counter[str] = Counter()
    for task in job["vertices"]:
        counts.update(task["tasks"])
    return counts


def _end_progress(job: Any) -> WaitProgress:
    counts = _task_counts(job)
    return WaitProgress(f"it is {job['state']}", (job["state"], frozenset(counts.items())))


def _completed(answer: Any) -> Any:
    return answer if answer["status"]["id"] == "COMPLETED" else None


def _job(entry: dict[str, Any]) -> Job:
    return Job(entry["jid"], entry["name"], entry["state"], entry["start-time"] / 1000, entry["tasks"])
