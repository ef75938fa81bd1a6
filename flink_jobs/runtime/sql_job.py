"""Define a Flink job as a folder of SQL: tables and views, and one statement set that fills its sinks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Generic, TypeVar

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_jobs.runtime.environment import execution_environment
from flink_jobs.runtime.gaps import fail_on_deleted_records
from flink_jobs.runtime.settings import JobSettings
from flink_jobs.runtime.sql import common_parameters, read_statements
from flink_jobs.runtime.steps import name_steps
from schemas.jobs import DECLARATION_FILE, JobDeclaration, parse_declaration

S = TypeVar("S", bound=JobSettings)


@dataclass(frozen=True)
class SqlJob(Generic[S]):
    """The definition of a job.

    The file names are relative to its package, as is the declaration `job.toml`.
    """

    package: str
    settings: type[S]
    """Reads the environment when it is called."""
    tables: tuple[str, ...]
    """The files that declare tables, views and functions, in this order."""
    inserts: str
    """The file with the inserts, which become one statement set: the topic is read and decoded once."""
    own_parameters: Callable[[S], Mapping[str, str]] = lambda _: {}
    """The parameters of the SQL in addition to the common ones."""

    @property
    def declaration(self) -> JobDeclaration:
        """Return the declaration with the names of the job's steps."""
        text = (files(self.package) / DECLARATION_FILE).read_text("utf-8")
        return parse_declaration(text, f"{self.package}/{DECLARATION_FILE}")

    def parameters(self, settings: S) -> dict[str, str]:
        """Return all parameters of the SQL.

        Reads the password from AWS Secrets Manager if it is stored there.
        """
        return {**common_parameters(settings), **self.own_parameters(settings)}

    def statements(self, file_name: str, settings: S) -> list[str]:
        """Return the statements of one file, filled and in order."""
        return read_statements(self.package, file_name, self.parameters(settings))

    def attach_inserts(self, settings: S, wanted: Callable[[str], bool]) -> StreamExecutionEnvironment:
        """Return an environment with the tables of the job and those of its inserts that are wanted."""
        environment = execution_environment(settings)
        tables = StreamTableEnvironment.create(environment)
        parameters = self.parameters(settings)
        for file_name in self.tables:
            for statement in read_statements(self.package, file_name, parameters):
                tables.execute_sql(statement)
        inserts = tables.create_statement_set()
        for statement in read_statements(self.package, self.inserts, parameters):
            if wanted(statement):
                inserts.add_insert_sql(statement)
        inserts.attach_as_datastream()
        return environment

    def attach(self, settings: S) -> tuple[StreamExecutionEnvironment, list[str]]:
        """Return the job on its environment, ready to run, and the names of its steps."""
        environment = self.attach_inserts(settings, lambda _: True)
        sinks = list(environment._j_stream_execution_environment.getTransformations())
        fail_on_deleted_records(sinks)
        return environment, name_steps(sinks, self.declaration.steps)

    def submit(self) -> int:
        """Submit the job with the environment's settings; prints only its id to standard output."""
        settings = self.settings()  # type: ignore[call-arg]  # read from the environment
        environment, _ = self.attach(settings)
        print(environment.execute_async(settings.job_name).get_job_id())  # noqa: T201 - data for the caller
        return 0
