"""`./taxi job`: the life of the Flink jobs on the local stack."""

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stack import database, jars
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.errors import UserError
from stack.filelock import file_lock
from stack.flink_rest import FlinkRest, Job, poll
from stack.java_build import ensure_formats_jar
from stack.job_record import JobRecords
from stack.job_status import JobStatus, read_status
from stack.parts.flink import client_environment
from stack.settings import ROOT
from stack.topic import DEAD_LETTERS_TOPIC, TOPIC, Topic

JOBS_FOLDER = ROOT / "flink_jobs"
START_SECONDS = 60

app = typer.Typer(no_args_is_help=True, help="The life of the Flink jobs: deploy, status, stop.")

Name = Annotated[str, typer.Argument(help="The job, which is a folder of flink_jobs/.")]


@app.command()
def deploy(
    name: Name = "zone_fares",
    fresh: Annotated[
        bool, typer.Option(help="Start at the beginning of the topic, without any state.")
    ] = False,
) -> None:
    """Start the job: from its newest savepoint or checkpoint where there is one, else from the beginning."""
    known = _known(name)
    start(Endpoints.of_running_stack(), known, fresh=fresh)


@app.command()
def status(
    name: Name = "zone_fares",
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say how the job does; exit 1 unless it runs."""
    known = _known(name)
    found = read_status(FlinkRest(Endpoints.of_running_stack().flink_rest_url), known)
    if as_json:
        print(json.dumps(asdict(found), indent=2))  # noqa: T201 - data for programs
    else:
        _print_status(found)
    raise typer.Exit(0 if found.is_running else 1)


@app.command()
def stop(
    name: Name = "zone_fares",
    savepoint: Annotated[
        bool, typer.Option(help="Leave a savepoint that the next deploy starts from.")
    ] = True,
) -> None:
    """Stop the job; the next deploy goes on where it stopped."""
    known = _known(name)
    end(Endpoints.of_running_stack(), known, savepoint=savepoint)


def start(endpoints: Endpoints, name: str, *, fresh: bool = False) -> Job:
    """Submit the job unless it runs already, and wait until all its tasks run."""
    with _one_at_a_time(endpoints, name):
        running = FlinkRest(endpoints.flink_rest_url).live_job(name)
        if running and fresh:
            raise UserError(f"{name} runs already", f"./taxi job stop {name}, then deploy it afresh")
        if running:
            console().print(f"{name} runs already ({running.state}, {running.job_id})", highlight=False)
            return running
        return _start(endpoints, name, fresh=fresh)


def end(endpoints: Endpoints, name: str, *, savepoint: bool = True) -> None:
    """Stop the job if it runs."""
    flink, records = FlinkRest(endpoints.flink_rest_url), JobRecords(endpoints.home)
    with _one_at_a_time(endpoints, name):
        records.write(name, records.read(name).stopped())
        job = flink.live_job(name)
        if job is None:
            console().print(f"{name} does not run", highlight=False)
        elif savepoint:
            left = flink.stop_with_savepoint(job.job_id, f"file://{endpoints.home / 'flink' / 'savepoints'}")
            console().print(f"{name} is stopped; its savepoint is {left}", highlight=False)
        else:
            flink.cancel(job.job_id)
            console().print(f"{name} is stopped; its newest checkpoint is kept", highlight=False)


def resume(endpoints: Endpoints) -> None:
    """Start the jobs that ran and were not stopped on purpose: the cluster forgets them when it goes down."""
    for name in JobRecords(endpoints.home).wanted():
        start(endpoints, name)


def _start(endpoints: Endpoints, name: str, *, fresh: bool) -> Job:
    flink, records = FlinkRest(endpoints.flink_rest_url), JobRecords(endpoints.home)
    # Of this version, as the job is: the stack may have been up since an earlier one.
    database.set_up_tables(endpoints.postgres_dsn)
    topic_id = Topic(endpoints.kafka_bootstrap_servers).ensure()
    Topic(endpoints.kafka_bootstrap_servers, DEAD_LETTERS_TOPIC).ensure()
    if fresh:
        records.forget(name)
    origin = records.restore_point(name, topic_id)
    console().print(f"starting {name} from {origin or 'the beginning of the topic'} …", highlight=False)
    job_id = _submit(endpoints, name, origin)
    records.write(name, records.read(name).started(job_id, topic_id))
    job = poll(lambda: _running(flink, name, job_id), seconds=START_SECONDS, what=f"{name} to run")
    dashboard = f"{endpoints.flink_rest_url}/#/job/running/{job_id}/overview"
    console().print(f"{name} runs: {dashboard}", highlight=False)
    return job


def _one_at_a_time(endpoints: Endpoints, name: str) -> AbstractContextManager[None]:
    lock = endpoints.home / "jobs" / f"{name}.lock"
    return file_lock(lock, f"{name} is being started or stopped; waiting for it")


def _submit(endpoints: Endpoints, name: str, origin: str) -> str:
    log = endpoints.home / "logs" / f"submit-{name}.log"
    with log.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", f"flink_jobs.{name}.job"],
            env=_submit_environment(endpoints, origin),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stream,
            check=False,
        )
    if done.returncode:
        raise UserError(f"{name} could not be submitted: {_cause(log)}", f"the whole story is in {log}")
    return done.stdout.decode().split()[-1]


def _submit_environment(endpoints: Endpoints, origin: str) -> dict[str, str]:
    paths = [*jars.ensure("flink"), ensure_formats_jar()]
    return {
        **os.environ,
        **endpoints.as_environment(),
        **client_environment(endpoints.home),
        "PYTHONPATH": str(ROOT),
        "TRIPS_TOPIC": TOPIC,
        "DEAD_LETTERS_TOPIC": DEAD_LETTERS_TOPIC,
        "FLINK_CONNECTOR_JARS": ":".join(str(path) for path in paths),
        "FLINK_RESTORE_FROM": origin,
    }


def _cause(log: Path) -> str:
    """The innermost cause in a Java or Python stack trace."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    causes = [
        line for line in lines if line.startswith("Caused by:") or "Error:" in line or "Exception:" in line
    ]
    return causes[-1].removeprefix("Caused by: ") if causes else "no cause was given"


def _running(flink: FlinkRest, name: str, job_id: str) -> Job | None:
    job = next((job for job in flink.jobs(name) if job.job_id == job_id), None)
    if job and job.state == "FAILED":
        raise UserError(f"{name} failed as it started", "see ./taxi logs flink-jobmanager")
    return job if job and job.is_running else None


def _known(name: str) -> str:
    jobs = sorted(path.parent.name for path in JOBS_FOLDER.glob("*/job.py"))
    if name not in jobs:
        raise UserError(f"there is no job {name}", f"the jobs are: {', '.join(jobs)}")
    return name


def _print_status(found: JobStatus) -> None:
    for label, value in found.lines():
        output().print(f"{label:<18} {value}", highlight=False)
