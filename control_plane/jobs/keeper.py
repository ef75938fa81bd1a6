"""The keeper: restarts a job that is meant to run and is gone from the cluster, as `./taxi job ensure` does.

A killed JobManager has lost its jobs, and a job can fail permanently on a healthy one.
"""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg

from control_plane.jobs.backoff import ATTEMPTS, BackoffStore, RestartBackoff
from control_plane.jobs.flink_rest import FlinkRest, Job
from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.names import JOBS_FOLDER
from control_plane.jobs.records import JobRecords
from control_plane.jobs.upgrade import ensure
from control_plane.jobs.wiring import Wiring, split_version_name
from control_plane.topics import START_OVER, TopicEnds, other_topic
from schemas.errors import UserError
from stack import database
from stack.console import console
from stack.endpoints import Endpoints
from stack.locks import is_locked
from stack.services.keeper import NAME, KeeperStatus

POLL_SECONDS = 3.0
STATUS_VALID_SECONDS = 60.0
LONGEST_ATTEMPT_SECONDS = 600.0


class Keeper:
    """Monitors the jobs of one stack."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._records = JobRecords(endpoints.home)
        self._flink = FlinkRest(endpoints.flink_rest_url)
        self._backoffs = BackoffStore(endpoints.home / NAME)
        self._last_logged: dict[str, str] = {}
        self._ends: dict[str, TopicEnds] = {}

    def check_jobs(self) -> None:
        """Check every job that is meant to run once, and store the findings."""
        # Another run of the same code (a reprocessing, for example) is managed by the command that began it.
        wanted = [name for name in self._records.wanted() if _is_version(name)]
        status = "; ".join(self._check_job(name) for name in wanted) or "no job is meant to run"
        self._note(status, STATUS_VALID_SECONDS)

    def _check_job(self, name: str) -> str:
        try:
            job = self._flink.live_job(name)
        except UserError:
            return self._log_once(name, f"{name}: waiting for Flink's JobManager")
        interrupted = self._records.read(name).upgrading_to
        recreated = self._recreated_source(name)
        if job and not interrupted and not recreated:
            self._reset_backoff(name, job)
            return self._log_once(name, f"{name} is on the cluster")
        # A command that holds the job's lock finishes its own work; a killed one no longer holds it.
        if self._is_locked_by_command(name):
            return f"{name}: another command holds its lock"
        if recreated:
            return self._log_once(name, self._stopped(name, job, recreated))
        return self._log_once(name, self._obstacle(name) or self._restart(name))

    def _recreated_source(self, name: str) -> str:
        """Explain why the topic is not the one that the job has read; empty for one that is only missing.

        A topic also seems missing while Kafka starts.
        """
        topic, known = Wiring.of_job(name).topic, self._records.read(name).topic_id
        if topic not in self._ends:
            self._ends[topic] = TopicEnds(self._endpoints.kafka, topic)
        found = self._ends[topic].topic_id()
        return other_topic(topic, known, found) if found else ""

    def _stopped(self, name: str, job: Job | None, reason: str) -> str:
        """Stop a job that would read the new topic from the middle."""
        if job:
            self._flink.cancel(job.job_id)
        return f"{name} is stopped: {reason}; {START_OVER}"

    def _is_locked_by_command(self, name: str) -> bool:
        home = self._endpoints.home
        return is_locked(JobSite.of(self._endpoints, name).lock) or is_locked(home / "up.lock")

    def _obstacle(self, name: str) -> str:
        """Explain why the job cannot be restarted now."""
        backoff = self._backoffs.read(name)
        if backoff.gave_up:
            return (
                f"giving up on {name} after {backoff.failed_attempts} failed restarts"
                f" ({backoff.last_failure or 'it failed again soon'});"
                f" fix the cause, then run ./taxi job ensure {name}"
            )
        if backoff.next_at > time.time():
            attempt = backoff.failed_attempts + 1
            return f"{name} is gone again: backing off before attempt {attempt} of {ATTEMPTS}"
        missing = ", ".join(self._missing_services())
        return f"{name} is gone: waiting for {missing}" if missing else ""

    def _missing_services(self) -> Iterator[str]:
        if not TopicEnds(self._endpoints.kafka).answers():
            yield "Kafka"
        try:
            database.server_version(self._endpoints.postgres_dsn)
        except psycopg.Error:
            yield "Postgres"

    def _restart(self, name: str) -> str:
        backoff = self._backoffs.read(name)
        self._log(f"{name} is gone: restarting it")
        self._note(f"restarting {name}", LONGEST_ATTEMPT_SECONDS)
        begun = time.time()
        try:
            action = ensure(self._endpoints, name)
        except (UserError, psycopg.Error) as failure:
            return self._failed(name, backoff, str(failure).splitlines()[0])
        if action == "none":
            return f"{name} is on the cluster"
        self._backoffs.write(name, backoff.with_attempt(begun))
        run = self._records.read(name).runs[-1]
        origin = run.origin or "the beginning of the topic"
        return f"{name} restarted after {time.time() - begun:.0f} s: release {run.release}, from {origin}"

    def _failed(self, name: str, backoff: RestartBackoff, last_failure: str) -> str:
        if not self._records.read(name).wanted:
            return f"{name} was stopped by a command"
        self._backoffs.write(name, backoff.with_attempt(time.time(), last_failure))
        return f"{name} did not restart (attempt {backoff.failed_attempts + 1} of {ATTEMPTS}): {last_failure}"

    def _reset_backoff(self, name: str, job: Job) -> None:
        backoff = self._backoffs.read(name)
        if backoff.failed_attempts and self._flink.completed_checkpoints(job.job_id):
            self._backoffs.write(name, backoff.reset())

    def _log_once(self, name: str, message: str) -> str:
        if self._last_logged.get(name) != message:
            self._last_logged[name] = message
            self._log(message)
        return message

    def _log(self, line: str) -> None:
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)  # noqa: T201 - it is the log

    def _note(self, status: str, valid_seconds: float) -> None:
        KeeperStatus(status, time.time() + valid_seconds).write(self._endpoints.home)


def _is_version(name: str) -> bool:
    return (JOBS_FOLDER / split_version_name(name)[0] / "job.py").exists()


def keep(endpoints: Endpoints) -> None:
    """Check at each interval; log an unexpected error and continue."""
    console().quiet = True
    keeper = Keeper(endpoints)
    while True:
        try:
            keeper.check_jobs()
        except Exception as error:
            print(f"unexpected error: {type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201 - it is the log
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    keep(Endpoints.of_running_stack())
