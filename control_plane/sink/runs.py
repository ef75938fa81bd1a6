"""The runs that replace months, as recorded in `taxi.backfill_runs`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from schemas.tlc_month import TlcMonth, parse_month

Engine = Literal["flink", "spark"]

PLAN = """
insert into taxi.backfill_runs
    (run, taxi_type, month, engine, state, source_file, source_content, trips, quarantined)
values (
    %(run)s, %(taxi_type)s, %(month)s, %(engine)s, 'planned', %(source_file)s, %(source_content)s, %(trips)s,
    %(quarantined)s
)
on conflict (run, taxi_type, month) do update
set
    source_file = excluded.source_file, source_content = excluded.source_content,
    trips = excluded.trips, quarantined = excluded.quarantined,
    state = 'planned', failure = null, planned_at = clock_timestamp(), started_at = null, ended_at = null
"""
BEGIN = "update taxi.backfill_runs set state = 'running', started_at = clock_timestamp() where run = %(run)s"
FAIL = """
update taxi.backfill_runs set state = 'failed', failure = %(failure)s, ended_at = clock_timestamp()
where run = %(run)s and state in ('planned', 'running')
"""
MONTHS = """
select taxi_type, month
from taxi.backfill_runs
where run = %(run)s and state = %(state)s
order by taxi_type, month
"""


@dataclass(frozen=True)
class PlannedMonth:
    """What a run will make of one month."""

    month: TlcMonth
    source_file: str
    trips: int
    quarantined: int
    source_content: str
    """The checksums of the files: which issue of the month it was."""


@dataclass(frozen=True)
class BackfillRun:
    """One run, identified by its name; a run of the same name continues what the other began."""

    dsn: str
    run: str

    def plan(self, months: Sequence[PlannedMonth], engine: Engine) -> None:
        """Record what is to be done; overwrites the records of an earlier attempt."""
        rows = [
            {
                "run": self.run,
                "engine": engine,
                "source_file": one.source_file,
                "source_content": one.source_content,
                "trips": one.trips,
                "quarantined": one.quarantined,
                **one.month.sql_parameters,
            }
            for one in months
        ]
        with psycopg.connect(self.dsn) as connection:
            connection.cursor().executemany(PLAN, rows)

    def begin(self) -> None:
        """Record that the run has begun."""
        self._execute(BEGIN)

    def fail(self, failure: str) -> None:
        """Record why the run failed."""
        self._execute(FAIL, failure=failure)

    def published_months(self) -> list[TlcMonth]:
        """List the months that it has published."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(MONTHS, {"run": self.run, "state": "published"}).fetchall()
        return [parse_month(*row) for row in rows]

    def _execute(self, text: str, **values: Any) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(text.encode(), {"run": self.run, **values})
