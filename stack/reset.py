"""Starting over: an empty topic, empty tables, a job without state."""

import shutil

from stack import database, job
from stack.console import console
from stack.endpoints import Endpoints
from stack.job_record import JobRecords
from stack.topic import Topic

JOB = "zone_fares"
EMPTY_TABLES = """
truncate taxi.zone_fares_15m, taxi.trips, taxi.quarantined_arrivals, taxi.late_arrivals,
    taxi.repeated_arrivals, taxi.dead_letters, taxi.received_records
"""
FILES = "select distinct source_file from taxi.trips order by source_file"


def reset(endpoints: Endpoints) -> None:
    """Stop the job and remove what it read, kept and wrote; `./taxi job deploy` begins anew."""
    job.end(endpoints, JOB, savepoint=False)
    Topic(endpoints.kafka_bootstrap_servers).remove()
    JobRecords(endpoints.home).forget(JOB)
    shutil.rmtree(endpoints.home / "replays", ignore_errors=True)
    database.query(endpoints.postgres_dsn, EMPTY_TABLES)
    console().print("started over: the topic and the tables are empty", highlight=False)


def stored_files(endpoints: Endpoints) -> list[str]:
    """The TLC files whose trips are in the tables."""
    return [row[0] for row in database.query(endpoints.postgres_dsn, FILES).rows]
