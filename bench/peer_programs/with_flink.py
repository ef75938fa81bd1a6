"""Run our own job on a cluster of the benchmark: whole, or with the second argument `windows` only them."""

import sys

from bench.peer_programs.task import Task
from flink_jobs.runtime.sql_job import SqlJob
from flink_jobs.zone_fares.job import JOB
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from schemas.jobs import JobDeclaration, WatchedSteps

NOTHING = "'connector' = 'bench-digest'"
SINKS = ("postgres", "postgres_prompt", "postgres_counting")
WINDOWS = "insert into sink_on_time_fares_15m"


def main() -> None:
    """Submit the job; its settings are in the environment."""
    task = Task.of_command_line()
    settings = ZoneFaresSettings()  # type: ignore[call-arg]  # read from the environment
    job = JOB if task.dsn else into_nothing()
    if sys.argv[2:] == ["windows"]:
        _submit_windows(job, settings)
    else:
        environment, _ = job.attach(settings)
        environment.execute_async(task.name)


class JobWithoutStepNames(SqlJob[ZoneFaresSettings]):
    """The job with other sinks, which lacks some of the operators that it names."""

    @property
    def declaration(self) -> JobDeclaration:
        """Return the declaration without the names."""
        return JobDeclaration({}, WatchedSteps("", ""))


def into_nothing() -> SqlJob[ZoneFaresSettings]:
    """Return the job with sinks that drop every row."""

    def parameters(settings: ZoneFaresSettings) -> dict[str, str]:
        return {**JOB.own_parameters(settings), **dict.fromkeys(SINKS, NOTHING)}

    return JobWithoutStepNames(JOB.package, JOB.settings, JOB.tables, JOB.inserts, parameters)


def _submit_windows(job: SqlJob[ZoneFaresSettings], settings: ZoneFaresSettings) -> None:
    environment = job.attach_inserts(settings, lambda statement: statement.startswith(WINDOWS))
    environment.execute_async(settings.job_name)


if __name__ == "__main__":
    main()
