"""The running platform, as its users drive it: replay, wait for the ledger, read the tables."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from control_plane.jobs import lifecycle as job
from control_plane.jobs import reset
from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.status import JobStatus, read_status
from control_plane.sink.ledger import Ledger, read_ledger
from schemas.jobs import DEFAULT_JOB as JOB
from stack.endpoints import Endpoints
from stack.settings import ROOT
from stack.supervision.processes import OwnProcess, own_processes
from tests.oracle.oracle import Oracle
from tests.waiting import wait_for

BALANCE_SECONDS = 300


@dataclass(frozen=True)
class Platform:
    """A stack whose topic and tables were empty, with a fresh job on it."""

    endpoints: Endpoints

    @classmethod
    def fresh(cls, endpoints: Endpoints) -> "Platform":
        """Start over on this stack."""
        reset.reset(endpoints)
        job.start(endpoints, JOB, fresh=True)
        return cls(endpoints)

    def replay(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run `replay` to its end."""
        return subprocess.run(
            self.replay_command(*arguments), env=self.environment, capture_output=True, text=True, check=False
        )

    def replay_command(self, *arguments: str | Path) -> list[str]:
        """The command line of a replay."""
        return [sys.executable, "-m", "producer", "replay", *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the producer."""
        return producer_environment(self.endpoints)

    def balanced_ledger(self) -> Ledger:
        """Wait for the quiet point at which every record in Kafka is accounted for."""
        return wait_for(self._balanced, stalled_seconds=BALANCE_SECONDS, what="the ledger to balance")

    def status(self) -> JobStatus:
        """How the job does."""
        steps = JobSite.of(self.endpoints, JOB).watched_steps
        return read_status(FlinkRest(self.endpoints.flink_rest_url), JOB, steps)

    def service(self, name: str) -> OwnProcess:
        """The running process of a part."""
        return next(own for own in own_processes(self.endpoints.home) if own.service == name)

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """The answer of Postgres to a small question."""
        with psycopg.connect(self.endpoints.postgres_dsn) as connection:
            return connection.execute(text.encode()).fetchall()

    def execute(self, statement: str) -> None:
        """Change what Postgres holds."""
        with psycopg.connect(self.endpoints.postgres_dsn) as connection:
            connection.execute(statement.encode())

    def await_rows(self, text: str) -> None:
        """Wait until a question has an answer."""
        wait_for(lambda: self.query(text), stalled_seconds=BALANCE_SECONDS, what=text)

    def table(self, name: str, like: duckdb.DuckDBPyRelation, folder: Path) -> duckdb.DuckDBPyRelation:
        """The rows of a table of ours, with the columns of `like`."""
        return self.rows(f"select {', '.join(like.columns)} from taxi.{name}", folder)

    def rows(self, query: str, folder: Path) -> duckdb.DuckDBPyRelation:
        """The answer of Postgres, typed as Postgres types it; a million rows in a second."""
        path = folder / "rows.csv"
        with psycopg.connect(self.endpoints.postgres_dsn) as connection, path.open("wb") as stream:
            types = _duckdb_types(connection, query)
            with connection.cursor().copy(f"copy ({query}) to stdout (format csv, header)") as blocks:
                stream.writelines(blocks)
        return duckdb.connect().read_csv(str(path), dtype=types)

    def _balanced(self) -> Ledger | None:
        ledger = read_ledger(self.endpoints)
        return ledger if ledger.balances else None


def producer_environment(endpoints: Endpoints) -> dict[str, str]:
    """The variables that point the producer, and `./taxi`, at a stack."""
    ours = {"PYTHONPATH": str(ROOT), "TAXI_HOME": str(endpoints.home)}
    return {**os.environ, **endpoints.producer_environment(), **ours}


def assert_all_on_time(platform: Platform, oracle: Oracle) -> None:
    """The ledger has as many trips windowed and quarantined as the oracle, and none late or twice."""
    (entry, *_) = platform.balanced_ledger().entries
    _, valid, quarantined = oracle.row_counts()
    counted = (entry.windowed, entry.quarantined, entry.late, entry.duplicates)
    assert counted == (valid, quarantined, 0, 0)


def _duckdb_types(connection: psycopg.Connection[tuple[object, ...]], query: str) -> dict[str, str]:
    cursor = connection.execute(f"select * from ({query}) as answer limit 0")
    names = {"int4": "integer", "int8": "bigint", "float8": "double", "text": "varchar", "uuid": "varchar"}
    types = {}
    for column in cursor.description or ():
        known = connection.adapters.types[column.type_code].name
        types[column.name] = "decimal(12, 4)" if known == "numeric" else names.get(known, known)
    return types
