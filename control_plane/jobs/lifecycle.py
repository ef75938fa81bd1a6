"""The life cycle of a job: the start, stop and restart that all commands are built from."""

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from control_plane.jobs.flink_rest import FlinkRest, Job
from control_plane.jobs.records import JobRecords, JobRun
from control_plane.jobs.releases import Release, Releases
from control_plane.jobs.slots import needed_slots, wait_for_slots
from control_plane.jobs.status import JobStatus, read_status
from control_plane.jobs.submission import await_other_submission
from control_plane.jobs.wiring import Wiring, has_versions
from control_plane.sink import ledger
from control_plane.sink import table_sets as tables
from control_plane.sink.ddl import TablesInUseError
from control_plane.sink.job_runs import StartedRun, record_run
from control_plane.topics import Topic, TopicEnds
from schemas.errors import UserError
from schemas.jobs import WatchedSteps
from stack.console import print_message
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.services.flink import JOBMANAGER, TASKMANAGER
from stack.settings import ROOT
from stack.supervision.progress import ServiceProgress
from stack.waiting import WaitProgress, wait_until

STALLED_START_SECONDS = 90.0
STALLED_CLUSTER_SECONDS = 90.0
SLOT_WAIT_SECONDS = 20  # longer than Flink counts the slots of a killed TaskManager as taken
RESTORE_ATTEMPTS = 3


class JobStartError(UserError):
    """The job failed between submission and running: its release or its restored state is bad."""


@dataclass(frozen=True)
class JobSite:
    """One job on one stack."""

    endpoints: Endpoints
    wiring: Wiring

    @classmethod
    def of(cls, endpoints: Endpoints, name: str) -> "JobSite":
        """Return the version of a job with this name."""
        return cls(endpoints, Wiring.of_job(name))

    @property
    def name(self) -> str:
        """The name in the dashboard, in the records and in commands."""
        return self.wiring.name

    @property
    def flink(self) -> FlinkRest:
        return FlinkRest(self.endpoints.flink_rest_url)

    @property
    def topic(self) -> Topic:
        """The topic that the job reads."""
        return Topic(self.endpoints.kafka, self.wiring.topic)

    @property
    def dead_letters_topic(self) -> Topic:
        """The topic that receives records that are not trips."""
        return Topic(self.endpoints.kafka, self.wiring.dead_letters_topic)

    @property
    def records(self) -> JobRecords:
        """The recorded runs of the job."""
        return JobRecords(self.endpoints.home)

    @property
    def releases(self) -> Releases:
        """The releases of the job."""
        return Releases(self.endpoints, self.wiring)

    @property
    def savepoint_folder(self) -> str:
        """The folder where Flink puts savepoints."""
        return f"file://{self.endpoints.home / 'flink' / 'savepoints'}"

    def require_readable_state(self) -> None:
        """Raise UserError where a cluster of the environment keeps its state in another folder than ours.

        Its newest checkpoint would not be found, and the job would start from the beginning of the topic.
        """
        if self.endpoints.is_local:
            return
        theirs, ours = self.flink.checkpoint_folder(), self.endpoints.home / "flink" / "checkpoints"
        ours.mkdir(parents=True, exist_ok=True)
        Path(self.savepoint_folder.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        if theirs.startswith("file:") and _is_same_folder(Path(urlsplit(theirs).path), ours):
            return
        raise UserError(
            f"Flink at {self.endpoints.flink_rest_url} keeps its checkpoints in {theirs or 'memory'},"
            f" not in {ours}, where ./taxi looks for them",
            "share TAXI_HOME with the cluster under the same path, and set execution.checkpointing.dir to"
            f" file://{ours}",
        )

    @property
    def lock(self) -> Path:
        """The lock file of commands that change the job."""
        return self.endpoints.home / "jobs" / f"{self.name}.lock"

    def exclusive(self) -> AbstractContextManager[None]:
        """Lock the job: one command at a time."""
        return file_lock(self.lock, f"another command holds the lock of {self.name}; waiting for it")

    def live_job(self) -> Job | None:
        """Return the job that has not ended, including one that a killed command is still submitting."""
        await_other_submission(self.endpoints, self.name)
        return self.flink.live_job(self.name)

    def status(self) -> JobStatus:
        ends, known = (
            TopicEnds(self.endpoints.kafka, self.wiring.topic),
            self.records.read(self.name).topic_id,
        )
        return read_status(self.flink, self.name, self.watched_steps, ends, known)

    def ensure_source(self) -> str:
        """Create the topic where it never existed; return its id.

        Raises UserError where it is not the topic that state and tables were made from, or its settings lose
        records.
        """
        return self.topic.ensure_source(self.records.read(self.name).topic_id)

    @property
    def watched_steps(self) -> WatchedSteps:
        """The steps of the release that ran last, by which Flink is queried."""
        return self.releases.watched_steps(self.records.read(self.name).release)

    def restore_points(self) -> list[Path]:
        """List the savepoints and checkpoints to restore from, newest first."""
        return self.records.restore_points(self.name, self.ensure_source())

    def running_release(self) -> Release | None:
        """Return the release that ran last, where it is known."""
        number = self.records.read(self.name).release
        return self.releases.get(number) if number else None


def start(
    endpoints: Endpoints, name: str, *, fresh: bool = False, source: Path = ROOT, origin: Path | None = None
) -> Job:
    """Submit the job unless it already runs, and wait until all its tasks run."""
    site = JobSite.of(endpoints, name)
    with site.exclusive():
        running = site.live_job()
        if running and (fresh or origin):
            raise UserError(f"{name} runs already", f"run ./taxi job stop {name}, then deploy it again")
        if running:
            print_message(f"{name} runs already ({running.state}, {running.job_id})")
            return running
        site.require_readable_state()  # also before the release is planned, which takes a while
        site.ensure_source()
        release = site.releases.of_tree(source)
        if not has_versions(site.wiring.job):
            release.refuse_absent_tables(endpoints.postgres_dsn)
        return _start_fresh(site, release) if fresh else _resume(site, release, origin)


def end(endpoints: Endpoints, name: str, *, savepoint: bool = True) -> str:
    """Stop the job if it runs; return the path of the savepoint it left, empty without one."""
    site = JobSite.of(endpoints, name)
    with site.exclusive():
        site.records.write(site.name, site.records.read(site.name).stopped())
        job = site.live_job()
        if job is None:
            print_message(f"{name} does not run")
        elif savepoint:
            left = site.flink.stop_with_savepoint(job.job_id, site.savepoint_folder)
            print_message(f"{name} is stopped; its savepoint is {left}")
            return left
        else:
            site.flink.cancel(job.job_id)
            print_message(f"{name} is stopped; its newest checkpoint is kept")
    return ""


def take_savepoint(endpoints: Endpoints, name: str) -> Path:
    """Take a savepoint of the running job."""
    site = JobSite.of(endpoints, name)
    with site.exclusive():
        job = site.live_job()
        if job is None or not job.is_running:
            state = job.state if job else "not running"
            raise UserError(
                f"{name} is {state}, so it cannot take a savepoint", f"run ./taxi job status {name}"
            )
        return Path(site.flink.take_savepoint(job.job_id, site.savepoint_folder))


def restart_job(site: JobSite) -> Job:
    """Start the release that ran last, from the newest readable state."""
    release = site.running_release() or site.releases.of_tree(ROOT)
    points: Sequence[Path | None] = site.restore_points()[:RESTORE_ATTEMPTS] or [None]
    for number, point in enumerate(points, start=1):
        try:
            return launch(site, release, point)
        except JobStartError as failure:
            if number == len(points):
                raise
            print_message(f"{failure.message}; trying the state that precedes {point}")
    raise AssertionError("the last attempt returns or raises")


def launch(site: JobSite, release: Release, origin: Path | None) -> Job:
    """Submit a release and wait until all its tasks run; the run is recorded before it begins."""
    site.require_readable_state()
    before = site.records.read(site.name)
    topic_id = site.topic.ensure_source(before.topic_id)
    _set_up_tables(site, release)
    if origin is None and has_versions(site.wiring.job):
        ledger.forget_received(site.endpoints.postgres_dsn, site.wiring.table_set)
    site.dead_letters_topic.ensure()
    run = JobRun(uuid.uuid4().hex, release.number, str(origin or ""))
    print_message(
        f"starting {site.name}, release {release.number}, from {origin or 'the beginning of the topic'} …"
    )
    site.records.write(site.name, before.started(run, topic_id))
    if has_versions(site.wiring.job):
        record_run(site.endpoints.postgres_dsn, _started_run(site, release, run))
    try:
        await_slots(site, release)
        site.releases.program(release).submit(run.job_id, run.origin)
        job = await_running(site, run.job_id)
    except JobStartError:
        site.records.write(site.name, before)
        raise
    release.note("ran")
    print_message(f"{site.name} runs: {site.endpoints.flink_rest_url}/#/job/running/{run.job_id}/overview")
    return job


def await_running(site: JobSite, job_id: str) -> Job:
    """Wait until all tasks of a submitted job run; raises JobStartError when it fails permanently."""
    taskmanager = ServiceProgress(site.endpoints.home, TASKMANAGER)

    def progress() -> WaitProgress:
        job = _submitted(site, job_id)
        if job is None:
            return WaitProgress("Flink does not know the job", ())
        tasks = site.flink.start_progress(job)
        # A job in a restart loop keeps its TaskManager busy too.
        at_work = taskmanager().marks if tasks.marks else None
        return WaitProgress(tasks.text, (tasks.marks, at_work))

    return wait_until(
        lambda: _running(site, job_id),
        what=f"{site.name} to run",
        progress=progress,
        stalled_seconds=STALLED_START_SECONDS,
    )


def await_jobmanager(site: JobSite) -> None:
    """Wait until the cluster answers: a killed JobManager is restarted within seconds."""
    wait_until(
        site.flink.answers,
        what="Flink's JobManager",
        progress=ServiceProgress(site.endpoints.home, JOBMANAGER),
        stalled_seconds=STALLED_CLUSTER_SECONDS,
    )


def await_slots(site: JobSite, release: Release) -> None:
    """Wait for free task slots: without them the job would fail once."""
    wait_until(
        lambda: site.flink.slots().total,
        what="Flink's TaskManager",
        progress=ServiceProgress(site.endpoints.home, TASKMANAGER),
        stalled_seconds=STALLED_CLUSTER_SECONDS,
    )
    needed = needed_slots(release.manifest.configuration)
    wait_for_slots(site.flink, site.name, needed, stalled_seconds=SLOT_WAIT_SECONDS)


def _is_same_folder(one: Path, other: Path) -> bool:
    return one.exists() and one.samefile(other)


def _set_up_tables(site: JobSite, release: Release) -> None:
    """Set up the job's table set as the release that fills it declares it."""
    set_up = tables.set_up if has_versions(site.wiring.job) else tables.set_up_unserved
    try:
        set_up(site.endpoints.postgres_dsn, site.wiring.table_set, release.table_set_folder)
    except TablesInUseError as failure:
        # A restart of the release that ran last keeps the tables as they are: it ran on them before.
        if site.records.read(site.name).release != release.number:
            raise
        print_message(f"{failure.message}: the tables are unchanged")
    except tables.OtherTablesError:
        raise
    except UserError as failure:
        if release.outcome != "ran":
            raise
        print_message(f"{failure.message}: the tables keep the columns of the newer release")


def _started_run(site: JobSite, release: Release, run: JobRun) -> StartedRun:
    return StartedRun(
        job_id=run.job_id,
        table_set=site.wiring.table_set,
        job=site.wiring.job,
        release=release.number,
        source_commit=release.manifest.commit,
        schema_version=release.schema_version,
    )


def _start_fresh(site: JobSite, release: Release) -> Job:
    site.records.forget(site.name)
    return launch(site, release, None)


def _resume(site: JobSite, release: Release, origin: Path | None) -> Job:
    if origin is not None and not (origin / "_metadata").exists():
        raise UserError(
            f"{origin} is neither a savepoint nor a checkpoint", "name the folder that holds _metadata"
        )
    point = origin or next(iter(site.restore_points()), None)
    last = site.running_release()
    if point is not None and last is not None:
        release.refuse_state_of(last)
    return launch(site, release, point)


def _submitted(site: JobSite, job_id: str) -> Job | None:
    return next((job for job in site.flink.jobs(site.name) if job.job_id == job_id), None)


def _running(site: JobSite, job_id: str) -> Job | None:
    job = _submitted(site, job_id)
    if job and job.state == "FAILED":
        reason = site.flink.failure(job_id) or "see ./taxi logs flink-jobmanager"
        raise JobStartError(f"{site.name} failed during its start ({reason})")
    return job if job and job.is_running else None
