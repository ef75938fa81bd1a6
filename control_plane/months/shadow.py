"""The shadow of a run: its own topic, job and table set next to the live job, from creation to removal."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from control_plane.jobs.flink_rest import ENDED_STATES, Job
from control_plane.jobs.lifecycle import JobSite, await_slots
from control_plane.jobs.releases import Release
from control_plane.jobs.status import read_status
from control_plane.jobs.submission import await_other_submission
from control_plane.jobs.wiring import Wiring
from control_plane.months.producer_settings import producer_errors, producer_settings
from control_plane.sink import table_sets as tables
from control_plane.sink.ledger import Ledger, read_ledger
from control_plane.topics import TopicEnds
from producer.months import Naming
from producer.publishing.kafka_topic import file_safe
from producer.publishing.pace import Pace, parse_speedup
from producer.publishing.replay import ReplayRequest, replay
from producer.publishing.schema_registry import SchemaRegistry
from schemas.errors import UserError
from schemas.topics import REPROCESS_TOPIC_PREFIX
from stack import database
from stack.console import console, print_message
from stack.endpoints import Endpoints
from stack.services.flink import TASKMANAGER
from stack.supervision.progress import ServiceProgress
from stack.waiting import Polling, WaitProgress, wait_until

STALLED_FILL_SECONDS = 180.0
STALLED_LEDGER_SECONDS = 60.0
LOOK_SECONDS = 1.0
MOST_RESTARTS = 5
"""A bounded job that has restarted more often will not finish."""


@dataclass(frozen=True)
class Shadow:
    """The topic, job and table set of one run."""

    endpoints: Endpoints
    job: str
    run: str

    @property
    def wiring(self) -> Wiring:
        """The wiring of the run's job; the job is not recorded, so nothing restarts it."""
        name = f"{self.job}-reprocess-{self.run}"
        topic = f"{REPROCESS_TOPIC_PREFIX}{self.run}"
        return Wiring(
            job=self.job,
            name=name,
            table_set=f"taxi_reprocess_{self.run}",
            topic=topic,
            dead_letters_topic=f"{topic}-dead-letters",
            consumer_group=name,
            bounded=True,
        )

    @property
    def site(self) -> JobSite:
        """The site of the run's job."""
        return JobSite(self.endpoints, self.wiring)

    @property
    def is_filled(self) -> bool:
        """Whether every record of the topic is accounted for in the tables."""
        return self._ledger().balances

    def publish_trips(self, paths: Sequence[Path]) -> None:
        """Publish all trips to the topic of the run, at full speed; continue where a killed run ended."""
        settings = producer_settings(self.endpoints, self.wiring.topic)
        request = ReplayRequest(paths, Pace(parse_speedup("max"), is_live=False), force=True)
        with producer_errors():
            replay(request, Naming(tlc_data_dir=settings.tlc_data_dir), settings, console())

    def fill(self, release: Release) -> None:
        """Run the job over the topic into the table set; wait for a job that a killed run has left."""
        tables.set_up(self.endpoints.postgres_dsn, self.wiring.table_set, release.table_set_folder)
        await_other_submission(self.endpoints, self.wiring.name)
        newest = next(iter(self.site.flink.jobs(self.wiring.name)), None)
        if newest and newest.state == "FINISHED" and self.is_filled and not self._dead_letters():
            return
        is_live = newest is not None and newest.state not in ENDED_STATES
        job_id = newest.job_id if newest and is_live else self._submit(release)
        self._await_finish(job_id, release)
        wait_until(
            lambda: self.is_filled,
            what=f"the ledger of run {self.run} to balance",
            progress=lambda: f"{self._ledger().records_read:,} records are accounted for",
            stalled_seconds=STALLED_LEDGER_SECONDS,
        )
        self._require_no_dead_letters()
        tables.take_stock(self.endpoints.postgres_dsn, self.wiring.table_set)

    def remove(self) -> None:
        """End and remove all of it, including its schemas in the registry; the live job is not affected."""
        await_other_submission(self.endpoints, self.wiring.name)
        job = self.site.flink.live_job(self.wiring.name)
        if job:
            self.site.flink.cancel(job.job_id)
        tables.drop(self.endpoints.postgres_dsn, self.wiring.table_set)
        if self.site.topic.exists():
            self._remove_replays()
            self.site.topic.remove()
        self.site.dead_letters_topic.remove()
        SchemaRegistry(self.endpoints.schema_registry_url).forget(self.wiring.topic)
        for release in self.site.releases.all():
            self.site.releases.program(release).graph.unlink(missing_ok=True)
        for left in (self.endpoints.home / "jobs").glob(f"{self.wiring.name}.*"):
            left.unlink(missing_ok=True)

    def _submit(self, release: Release) -> str:
        tables.empty(self.endpoints.postgres_dsn, self.wiring.table_set)
        self.site.topic.ensure()
        self.site.dead_letters_topic.ensure()
        await_slots(self.site, release)
        release = self.site.releases.get(release.number)
        job_id = uuid.uuid4().hex
        print_message(f"release {release.number} reads {self.wiring.topic} into {self.wiring.table_set} …")
        self.site.releases.program(release).submit(job_id, "")
        return job_id

    def _require_no_dead_letters(self) -> None:
        if letters := self._dead_letters():
            place = f"{self.wiring.table_set}.dead_letters"
            raise UserError(
                f"{len(letters):,} rows of run {self.run} were rejected into {place} ({letters[0]})",
                "fix the cause, then run the same command again",
            )

    def _dead_letters(self) -> Sequence[str]:
        """List the errors: the run's own publisher writes no bad records, so these are rows that a table
        refused."""
        query = f"select error from {self.wiring.table_set}.dead_letters"  # noqa: S608 - our own name
        return [str(error) for (error,) in database.query(self.endpoints.postgres_dsn, query).rows]

    def _ledger(self) -> Ledger:
        return read_ledger(self.endpoints, self.wiring.table_set, self.wiring.topic)

    def _await_finish(self, job_id: str, release: Release) -> None:
        records = self.site.topic.offset_count()
        taskmanager = ServiceProgress(self.endpoints.home, TASKMANAGER)
        with _bar(records) as show:
            ended = wait_until(
                lambda: self._ended(job_id, release, show),
                what=f"run {self.run} to finish",
                progress=lambda: WaitProgress(show.text, (show.text, taskmanager().marks)),
                stalled_seconds=STALLED_FILL_SECONDS,
                on_waiting=show.note,
                polling=Polling(LOOK_SECONDS),
            )
        if ended.state != "FINISHED":
            reason = self.site.flink.failure(job_id) or "see ./taxi logs flink-jobmanager"
            raise UserError(
                f"the job of run {self.run} ended {ended.state} ({reason})", "run the same command again"
            )

    def _ended(self, job_id: str, release: Release, show: "Show") -> Job | None:
        job = next((one for one in self.site.flink.jobs(self.wiring.name) if one.job_id == job_id), None)
        if job is None:
            raise UserError(
                f"the job of run {self.run} is gone from the cluster", "run the same command again"
            )
        if job.state in ENDED_STATES:
            return job
        status = read_status(
            self.site.flink,
            self.wiring.name,
            release.watched_steps,
            TopicEnds(self.endpoints.kafka, self.wiring.topic),
        )
        if status.restarts.count >= MOST_RESTARTS:
            self.site.flink.cancel(job_id)
            raise UserError(
                f"the job of run {self.run} fails repeatedly ({status.failure})",
                "fix the cause, then run the same command again",
            )
        show.read(status.records_read)
        return None

    def _remove_replays(self) -> None:
        topic_id = file_safe(self.site.topic.ensure())
        for left in (self.endpoints.home / "replays").glob(f"*{topic_id}.*"):
            left.unlink(missing_ok=True)


class Show:
    """A progress bar on a terminal, an occasional line elsewhere."""

    def __init__(self, progress: Progress, records: int) -> None:
        self._progress, self._records = progress, records
        self._task = progress.add_task("reading", total=records)
        self.text = "nothing is read yet"

    def read(self, records: int) -> None:
        """Show the number of records read."""
        self.text = f"{records:,} of {self._records:,} records read"
        self._progress.update(self._task, completed=records, description=f"{records:,} records read")

    def note(self, message: str) -> None:
        """Print what the run waits for, where the bar is not shown."""
        if not console().is_terminal:
            print_message(message)


@contextmanager
def _bar(records: int) -> Iterator[Show]:
    columns = (BarColumn(bar_width=20), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console(), transient=True, disable=not console().is_terminal) as progress:
        yield Show(progress, records)
