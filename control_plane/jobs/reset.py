"""Resets the stack to an empty topic, empty tables, and a job without state."""

import shutil

from control_plane.jobs.records import JobRecords
from control_plane.jobs.versions import switching
from control_plane.jobs.wiring import split_version_name
from control_plane.publishers import current_publisher
from control_plane.topics import Topic
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from schemas.topics import DEAD_LETTERS_TOPIC, TRIPS_TOPIC
from stack import database
from stack.console import console
from stack.endpoints import Endpoints

NOTHING_IS_PUBLISHED = "update taxi.backfill_runs set state = 'undone' where state = 'published'"
FILES = "select distinct source_file from taxi.trips order by source_file"


def reset(endpoints: Endpoints) -> None:
    """Stop every job and remove its input, state and output; `job deploy` starts from the beginning."""
    _refuse_while_a_replay_runs(endpoints)
    recorded = {split_version_name(name)[0] for name in JobRecords(endpoints.home).names()}
    for job in sorted({DEFAULT_JOB, *recorded}):
        switching.start_over(endpoints, job)
    database.query(endpoints.postgres_dsn, NOTHING_IS_PUBLISHED)
    for name in (TRIPS_TOPIC, DEAD_LETTERS_TOPIC):
        Topic(endpoints.kafka, name).remove()
    shutil.rmtree(endpoints.home / "replays", ignore_errors=True)
    console().print("started over: the topics and the tables are empty", highlight=False)


def _refuse_while_a_replay_runs(endpoints: Endpoints) -> None:
    # A running publisher would continue in the new topic from the middle of its month.
    publisher = current_publisher(endpoints)
    if publisher:
        raise UserError(f"a replay is running: {publisher}", "stop it first")


def stored_files(endpoints: Endpoints) -> list[str]:
    """List the TLC files whose trips are in the tables."""
    return [row[0] for row in database.query(endpoints.postgres_dsn, FILES).rows]
