"""The two worlds that the same models serve: months can be replaced in each, and marts be read."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg

from control_plane.marts import DbtRun, dbt_run
from control_plane.settings import MartsSettings
from tests.dbt.live_tables import LiveTables
from tests.dbt.processed_files import ProcessedFiles
from tests.dbt.synthetic_trips import Rows, together, windows_of


class MartsEnvironment(Protocol):
    """Where trips come from and where the marts are."""

    target: str

    def hold(self, months: Mapping[str, Rows]) -> None:
        """Hold the green trips of these months; a month that is named no more, or by other rows, changes."""

    def dbt(self, *arguments: str) -> DbtRun:
        """dbt in this world."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer to a question about the marts; every value as text."""

    def builds_blocked(self) -> AbstractContextManager[object]:
        """Where that is possible, no build gets to its end in the meantime."""


@dataclass
class DuckdbMarts:
    """DuckDB over Parquet."""

    folder: Path
    target: str = "duckdb"
    held: dict[str, Rows] = field(default_factory=dict)

    @property
    def history(self) -> ProcessedFiles:
        """The folder `PROCESSED_DATA`."""
        return ProcessedFiles(self.folder / "processed-data")

    @property
    def database(self) -> Path:
        """The file of the marts."""
        return self.folder / "taxi.duckdb"

    def hold(self, months: Mapping[str, Rows]) -> None:
        """Write the months that are others than before."""
        for month in self.held.keys() - months.keys():
            self.history.remove("green", month)
        for month, trips in months.items():
            if self.held.get(month) is not trips:
                self.history.replace("green", month, trips, windows_of(trips))
        self.held = dict(months)

    def dbt(self, *arguments: str) -> DbtRun:
        """dbt on this history."""
        return _dbt(
            [*arguments, "--target", self.target],
            TAXI_HOME=str(self.folder),
            PROCESSED_DATA=str(self.history.folder),
            MARTS_DUCKDB=str(self.database),
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer of DuckDB."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(f"select columns(*)::varchar from ({query})").fetchall()

    def builds_blocked(self) -> AbstractContextManager[object]:
        """DuckDB has no lock that others could hold."""
        return nullcontext()


@dataclass
class PostgresMarts:
    """Postgres over the stream's tables."""

    tables: LiveTables
    folder: Path
    target: str = "postgres"

    def hold(self, months: Mapping[str, Rows]) -> None:
        """Fill the tables anew."""
        trips = together(*months.values())
        self.tables.hold(trips, windows_of(trips))

    def dbt(self, *arguments: str) -> DbtRun:
        """dbt on these tables."""
        return _dbt(
            [*arguments, "--target", self.target], TAXI_HOME=str(self.folder), POSTGRES_DSN=self.tables.dsn
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer of Postgres."""
        with psycopg.connect(self.tables.dsn) as connection:
            found = connection.execute(f"select * from ({query}) as answer".encode())
            return [tuple(_text(value) for value in row) for row in found.fetchall()]

    def builds_blocked(self) -> AbstractContextManager[object]:
        """A build that has written a mart waits here before it can commit."""
        connection = psycopg.connect(self.tables.dsn)
        connection.execute("lock table marts_staging.loaded_months in exclusive mode")
        return connection


def run(command: DbtRun) -> str:
    """Run dbt to its end, which must be good; return what it said."""
    done = finished(command)
    assert done.returncode == 0, done.stdout
    return done.stdout


def finished(command: DbtRun) -> subprocess.CompletedProcess[str]:
    """Run dbt to its end, good or bad."""
    return subprocess.run(
        command.command,
        env=command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def kill_on_log_line(command: DbtRun, words: str) -> None:
    """Start dbt and kill it as soon as a line holds these words."""
    with subprocess.Popen(
        command.command, env=command.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if words in line:
                process.kill()
        assert process.wait() == -signal.SIGKILL, "".join(lines)


def _dbt(arguments: Sequence[str], **variables: str) -> DbtRun:
    cache = str(MartsSettings.from_environment().stack.cache)
    return dbt_run(arguments, MartsSettings.from_environment({"TAXI_CACHE_DIR": cache, **variables}))


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
