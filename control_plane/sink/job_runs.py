"""The starts of the jobs, kept in Postgres: a served row can name the release that wrote it."""

from dataclasses import asdict, dataclass

import psycopg

RECORD = """
insert into taxi.job_runs (job_id, table_set, job, release, source_commit, schema_version)
values (%(job_id)s, %(table_set)s, %(job)s, %(release)s, %(source_commit)s, %(schema_version)s)
on conflict (job_id) do nothing
"""


@dataclass(frozen=True)
class StartedRun:
    """A start of a job: the tables that it writes, its release, and the newest trip schema that it reads."""

    job_id: str
    table_set: str
    job: str
    release: int
    source_commit: str
    schema_version: int


def record_run(dsn: str, run: StartedRun) -> None:
    """Record a run before its first write.

    Does nothing while the table is missing: an update of the tables may have been put off because of readers.
    """
    with psycopg.connect(dsn) as connection:
        try:
            connection.execute(RECORD, asdict(run))
        except psycopg.errors.UndefinedTable:
            connection.rollback()
