"""The job: trips by pickup zone and hour, written when the hour is over."""

import sys

from flink_jobs.runtime.settings import JobSettings
from flink_jobs.runtime.sql_job import SqlJob


class ZoneHoursSettings(JobSettings):
    """Where the job reads, writes and runs."""

    job_name: str = "zone_hours"
    consumer_group: str = "zone_hours"
    table_set: str = "zone_hours"


JOB = SqlJob(
    package="flink_jobs.zone_hours",
    settings=ZoneHoursSettings,
    tables=("source.sql", "sinks.sql"),
    inserts="inserts.sql",
)

if __name__ == "__main__":
    sys.exit(JOB.submit())
