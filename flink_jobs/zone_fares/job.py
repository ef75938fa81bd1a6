"""Run the job: read trips from Kafka, serve average trip cost by pickup zone in Postgres."""

import sys

from flink_jobs.runtime.sql_job import SqlJob
from flink_jobs.zone_fares.parameters import parameters
from flink_jobs.zone_fares.settings import ZoneFaresSettings

JOB = SqlJob(
    package="flink_jobs.zone_fares",
    settings=ZoneFaresSettings,
    tables=(
        "counters.sql",
        "source.sql",
        "classify.sql",
        "windows.sql",
        "ledger.sql",
        "sinks.sql",
        "dead_letters.sql",
    ),
    inserts="inserts.sql",
    own_parameters=parameters,
)

if __name__ == "__main__":
    sys.exit(JOB.submit())
