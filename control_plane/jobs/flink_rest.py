"""The parts of Flink's REST API that the life of a job needs."""

import ssl
import time
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

from schemas.errors import UserError
from stack.polling import POLL_SECONDS, poll
from stack.toolchain.java import innermost_cause

NO_IDLE_CONNECTIONS = httpx.Limits(max_keepalive_connections=0)
"""A connection to a JobManager that was restarted meanwhile would fail the next request."""
ENDED_STATES = frozenset({"FINISHED", "CANCELED", "FAILED"})
SAVEPOINT_SECONDS = 120
TRANSIENT_RETRY_SECONDS = 5


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
        """Whether every task runs: Flink calls a job RUNNING already while its tasks are being deployed."""
        return self.state == "RUNNING" and self.tasks.get("running", 0) == self.tasks.get("total", -1)


@dataclass(frozen=True)
class Slots:
    """How many tasks side by side a cluster has room for, and how many it could have."""

    free: int
    total: int


class TransientFlinkError(UserError):
    """Flink failed at a question that it may answer in a moment."""


class FlinkRest:
    """A Flink cluster, reached by its REST address."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(
            base_url=url, timeout=10, trust_env=False, verify=_trusted(), limits=NO_IDLE_CONNECTIONS
        )

    def jobs(self, name: str) -> list[Job]:
        """Every job of this name that the cluster remembers, newest first."""
        found = [_job(entry) for entry in self.get("/jobs/overview")["jobs"] if entry["name"] == name]
        return sorted(found, key=lambda job: -job.started_at)

    def live_job(self, name: str) -> Job | None:
        """The job of this name that has not ended."""
        return next((job for job in self.jobs(name) if job.state not in ENDED_STATES), None)

    def cancel(self, job_id: str) -> None:
        """End a job without a savepoint; its newest checkpoint is retained."""
        self._call("PATCH", f"/jobs/{job_id}?mode=cancel")
        self._await_end(job_id)

    def stop_with_savepoint(self, job_id: str, folder: str) -> str:
        """End a job gracefully; return the path of the savepoint it left."""
        body = {"targetDirectory": folder, "drain": False}
        trigger = self._call("POST", f"/jobs/{job_id}/stop", json=body)["request-id"]
        done = self._await_savepoint(job_id, trigger)
        self._await_end(job_id)
        return done

    def take_savepoint(self, job_id: str, folder: str) -> str:
        """Have the job leave a savepoint and run on; return its path."""
        body = {"target-directory": folder, "cancel-job": False}
        trigger = self._call("POST", f"/jobs/{job_id}/savepoints", json=body)["request-id"]
        return self._await_savepoint(job_id, trigger)

    def savepoint_is_under_way(self, job_id: str) -> bool:
        """Whether the job is writing a savepoint now, perhaps to stop with it."""
        history = self.get(f"/jobs/{job_id}/checkpoints").get("history", [])
        return any(entry["is_savepoint"] and entry["status"] == "IN_PROGRESS" for entry in history)

    def completed_checkpoints(self, job_id: str) -> int:
        """How many checkpoints the job has completed since it was submitted."""
        return int(self.get(f"/jobs/{job_id}/checkpoints").get("counts", {}).get("completed", 0))

    def failure(self, job_id: str) -> str:
        """The innermost cause of the job's newest failure; empty when it never failed."""
        entries = self.get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        return (
            innermost_cause(entries[0].get("stacktrace", "")) or entries[0]["exceptionName"]
            if entries
            else ""
        )

    def answers(self) -> bool:
        """Whether the JobManager is there."""
        try:
            return bool(self.get("/overview"))
        except UserError:
            return False

    def slots(self) -> "Slots":
        """The room in the cluster; none when it does not answer."""
        try:
            overview = self.get("/overview")
        except UserError:
            return Slots(0, 0)
        return Slots(int(overview["slots-available"]), int(overview["slots-total"]))

    def running_names(self) -> list[str]:
        """The names of all jobs that have not ended."""
        jobs = self.get("/jobs/overview")["jobs"]
        return sorted(entry["name"] for entry in jobs if entry["state"] not in ENDED_STATES)

    def get(self, path: str) -> Any:
        """The JSON answer to a GET; asked again while Flink stumbles over a change of state."""
        deadline = time.monotonic() + TRANSIENT_RETRY_SECONDS
        while True:
            try:
                return self._call("GET", path)
            except TransientFlinkError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def _await_savepoint(self, job_id: str, trigger: str) -> str:
        path = f"/jobs/{job_id}/savepoints/{trigger}"
        try:
            answer = poll(lambda: _completed(self.get(path)), seconds=SAVEPOINT_SECONDS, what="the savepoint")
        except UserError as failure:
            raise UserError(f"{failure.message}{self._held_back(job_id)}", failure.remedy) from failure
        if "failure-cause" in answer["operation"]:
            cause = answer["operation"]["failure-cause"]["class"]
            raise UserError(
                f"Flink could not take the savepoint ({cause})", "see ./taxi logs flink-jobmanager"
            )
        return str(answer["operation"]["location"]).removeprefix("file:")

    def _held_back(self, job_id: str) -> str:
        """The tasks that have not written their part of the savepoint that is under way."""
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
        poll(lambda: self.get(f"/jobs/{job_id}")["state"] in ENDED_STATES, seconds=60, what="the job's end")

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._client.request(method, path, **options)
            answer.raise_for_status()
        except httpx.HTTPStatusError as refusal:
            status = refusal.response.status_code
            kind = TransientFlinkError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else UserError
            raise kind(
                f"Flink answered {status} to {method} {path}{_reason(refusal.response)}",
                "see ./taxi logs flink-jobmanager",
            ) from refusal
        except httpx.TransportError as failure:
            where = self._client.base_url
            raise UserError(f"Flink does not answer at {where}", "see ./taxi status") from failure
        return answer.json()


@cache
def _trusted() -> ssl.SSLContext:
    """Reading all authorities takes a tenth of a second, which a poll would pay at each question."""
    return httpx.create_ssl_context(trust_env=False)


def _reason(answer: httpx.Response) -> str:
    """The innermost cause that Flink gives with a refusal."""
    try:
        causes = [innermost_cause(error) or error for error in answer.json()["errors"] if error]
    except (ValueError, KeyError, TypeError):
        return ""
    return f" ({causes[-1].strip().splitlines()[0]})" if causes else ""


def _completed(answer: Any) -> Any:
    return answer if answer["status"]["id"] == "COMPLETED" else None


def _job(entry: dict[str, Any]) -> Job:
    return Job(entry["jid"], entry["name"], entry["state"], entry["start-time"] / 1000, entry["tasks"])
