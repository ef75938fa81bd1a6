"""The keeper: brings a job back that is meant to run and is gone, as `./taxi job ensure` does.

A JobManager that died has forgotten its jobs, and a job can fail for good under a healthy one.
"""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg

from control_plane.jobs.backoff import ATTEMPTS, Care, Cares
from control_plane.jobs.flink_rest import FlinkRest, Job
from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.names import JOBS_FOLDER
from control_plane.jobs.records import JobRecords
from control_plane.jobs.upgrade import ensure
from control_plane.jobs.wiring import parted
from control_plane.topics import TopicEnds
from schemas.errors import UserError
from stack import database
from stack.console import console
from stack.endpoints import Endpoints
from stack.locks import is_locked
from stack.services.keeper import NAME, Note

LOOK_SECONDS = 3.0
NEWS_SECONDS = 60.0
LONGEST_ATTEMPT_SECONDS = 600.0


class Keeper:
    """Looks after the jobs of one stack."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._records = JobRecords(endpoints.home)
        self._flink = FlinkRest(endpoints.flink_rest_url)
        self._cares = Cares(endpoints.home / NAME)
        self._told: dict[str, str] = {}

    def look(self) -> None:
        """Look at every job that is meant to run, once, and leave a note of what is seen."""
        # Another run of the same code (a reading of the past, say) is its starter's to look after.
        wanted = [name for name in self._records.wanted() if _is_version(name)]
        says = "; ".join(self._look_after(name) for name in wanted) or "no job is meant to run"
        self._note(says, NEWS_SECONDS)

    def _look_after(self, name: str) -> str:
        try:
            job = self._flink.live_job(name)
        except UserError:
            return self._tell_once(name, f"{name}: waits for Flink's JobManager")
        interrupted = self._records.read(name).upgrading_to
        if job and not interrupted:
            self._prove(name, job)
            return self._tell_once(name, f"{name} is there")
        # A command that has the job will do as it was asked; one that was killed has it no longer.
        if self._is_in_hand(name):
            return f"{name}: another command has it"
        return self._tell_once(name, self._obstacle(name) or self._bring_back(name))

    def _is_in_hand(self, name: str) -> bool:
        home = self._endpoints.home
        return is_locked(JobSite.of(self._endpoints, name).lock) or is_locked(home / "up.lock")

    def _obstacle(self, name: str) -> str:
        """Why the job cannot be brought back now."""
        care = self._cares.read(name)
        if care.gave_up:
            return (
                f"gave {name} up after {care.in_vain} attempts in vain ({care.trouble or 'it did not last'});"
                f" mend it, then ./taxi job ensure {name}"
            )
        if care.next_at > time.time():
            return f"{name} is gone again: waits a little before attempt {care.in_vain + 1} of {ATTEMPTS}"
        missing = ", ".join(self._missing_parts())
        return f"{name} is gone: waits for {missing}" if missing else ""

    def _missing_parts(self) -> Iterator[str]:
        if not TopicEnds(self._endpoints.kafka).answers():
            yield "Kafka"
        try:
            database.server_version(self._endpoints.postgres_dsn)
        except psycopg.Error:
            yield "Postgres"

    def _bring_back(self, name: str) -> str:
        care = self._cares.read(name)
        self._log(f"{name} is gone: bringing it back")
        self._note(f"bringing {name} back", LONGEST_ATTEMPT_SECONDS)
        begun = time.time()
        try:
            action = ensure(self._endpoints, name)
        except (UserError, psycopg.Error) as failure:
            return self._failed(name, care, str(failure).splitlines()[0])
        if action == "none":
            return f"{name} is there"
        self._cares.write(name, care.attempted(begun))
        run = self._records.read(name).runs[-1]
        origin = run.origin or "the beginning of the topic"
        return f"{name} is back after {time.time() - begun:.0f} s: release {run.release}, from {origin}"

    def _failed(self, name: str, care: Care, trouble: str) -> str:
        if not self._records.read(name).wanted:
            return f"{name} was stopped meanwhile"
        self._cares.write(name, care.attempted(time.time(), trouble))
        return f"{name} did not come back (attempt {care.in_vain + 1} of {ATTEMPTS}): {trouble}"

    def _prove(self, name: str, job: Job) -> None:
        care = self._cares.read(name)
        if care.in_vain and self._flink.completed_checkpoints(job.job_id):
            self._cares.write(name, care.proven())

    def _tell_once(self, name: str, news: str) -> str:
        if self._told.get(name) != news:
            self._told[name] = news
            self._log(news)
        return news

    def _log(self, line: str) -> None:
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)  # noqa: T201 - it is the log

    def _note(self, says: str, news_seconds: float) -> None:
        Note(says, time.time() + news_seconds).leave(self._endpoints.home)


def _is_version(name: str) -> bool:
    return (JOBS_FOLDER / parted(name)[0] / "job.py").exists()


def main() -> None:
    """Look again and again; what nobody foresaw is logged, and looked at again."""
    console().quiet = True
    keeper = Keeper(Endpoints.of_running_stack())
    while True:
        try:
            keeper.look()
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201 - it is the log
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
