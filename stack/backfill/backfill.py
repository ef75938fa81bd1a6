"""One run from the TLC's files to what people read: fetched, processed by Spark, compared, published."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from rich import box
from rich.table import Table

from schemas.processed import PARTITION_COLUMNS
from stack import publication, tables
from stack.backfill import loading
from stack.backfill_runs import BackfillRun, Engine, PlannedMonth
from stack.console import output
from stack.endpoints import Endpoints
from stack.errors import UserError
from stack.filelock import file_lock
from stack.jars.download import sha256_of
from stack.job_life import say
from stack.publication import Month
from stack.reprocess.plan import served_of
from stack.reprocess.reprocess import Consent, obtain, print_comparison, print_published
from stack.settings import ROOT, HistorySettings, SparkPlace, SparkSettings, person_environment
from stack.spark_jobs.backend import RunState, backend
from stack.spark_jobs.waiting import month_summaries, wait

ENGINE: Engine = "spark"
CODE_FOLDERS = ("batch_backfill", "schemas")
CODE_SUFFIXES = {".py", ".sql"}
MINUTE = 60.0


@dataclass(frozen=True)
class Backfill:
    """Some months of one taxi type, and where their files lie."""

    endpoints: Endpoints
    months: Sequence[Month]
    history: HistorySettings

    def print_plan(self) -> None:
        """What there is of each month, and what is served of it now."""
        tables.set_up(self.endpoints.postgres_dsn)
        title = f"Raw months in {self.history.raw}, processed ones in {self.history.processed}"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for column in ("month", "file", "MB", "served", "published by"):
            table.add_column(column, justify="right" if column in {"MB", "served"} else "left")
        for month in self.months:
            files = self.files(month)
            megabytes = f"{sum(file.stat().st_size for file in files) / 1e6:,.1f}" if files else ""
            names = ", ".join(file.name for file in files) or "to be fetched"
            served, by = served_of(self.endpoints.postgres_dsn, month)
            table.add_row(str(month), names, megabytes, f"{served:,}", by)
        output().print(table)

    def carry_out(self, consent: Consent) -> None:
        """Do all of it; raises UserError when a month failed, and then the others are published."""
        with file_lock(
            self.endpoints.home / "jobs" / "backfill.lock", "another backfill runs; waiting for it"
        ):
            tables.set_up(self.endpoints.postgres_dsn)
            missing = self._fetch()
            there = [month for month in self.months if month not in missing]
            if there:
                _Run(self, there).carry_out(consent)
        if missing:
            names = ", ".join(map(str, missing))
            raise UserError(f"{names}: no file could be fetched", "see above; the other months are done")

    def _fetch(self) -> list[Month]:
        """Bring the months that are not there; those that cannot be had are returned."""
        for month in self.months:
            if not self.files(month):
                wish = ("--taxi-type", month.taxi_type, "--month", month.month, "--to", str(self.history.raw))
                subprocess.run(
                    [sys.executable, "-m", "producer", "fetch", *wish],
                    cwd=ROOT,
                    env={**person_environment(), "PYTHONPATH": str(ROOT)},
                    check=False,
                )
        return [month for month in self.months if not self.files(month)]

    def files(self, month: Month) -> list[Path]:
        """A month's files, in a folder as S3 would have it or all in one."""
        day = month.first_day
        values = dict(zip(PARTITION_COLUMNS, (month.taxi_type, f"{day:%Y}", f"{day:%m}"), strict=True))
        own = self.history.raw.joinpath(*(f"{name}={value}" for name, value in values.items()))
        pattern = f"{month.taxi_type}_tripdata_{month.month}.*"
        found = sorted([*own.glob(pattern), *self.history.raw.glob(pattern)])
        return [file for file in found if not file.name.endswith((".part", ".json"))]


@dataclass(frozen=True)
class _Run:
    """The part of a backfill whose files are there; the same files and the same code are the same run."""

    of: Backfill
    months: Sequence[Month]

    @cached_property
    def name(self) -> str:
        """By which it is known."""
        made_of = hashlib.sha256()
        for path in [*_code(), *(file for month in self.months for file in self.of.files(month))]:
            made_of.update(f"{path.name} {sha256_of(path)}\n".encode())
        return made_of.hexdigest()[:10]

    @property
    def _schema(self) -> str:
        return f"taxi_backfill_{self.name}"

    def carry_out(self, consent: Consent) -> None:
        """All of it but the fetching."""
        dsn = self.of.endpoints.postgres_dsn
        if all(publication.is_published(dsn, month, self.name) for month in self.months):
            say(f"run {self.name} is what is published: nothing to do")
            return
        record = BackfillRun(dsn, self.name)
        record.plan([PlannedMonth(month, "", 0, 0) for month in self.months], ENGINE)
        try:
            record.begin()
            made = self._processed()
            self._publish(record, made, consent)
        except (UserError, psycopg.Error, OSError) as failure:
            record.fail(str(failure).partition("\n")[0])
            raise
        finally:
            tables.drop(dsn, self._schema)
        self._report_failures(record, made)

    def _processed(self) -> Mapping[Month, Mapping[str, Any]]:
        """What Spark tells of each month; raises UserError when it could do none."""
        settings = SparkSettings.from_environment()
        spark = backend(settings, SparkPlace.LOCAL)
        history = self.of.history
        wish = [word for month in self.months for word in ("--month", month.month)]
        places = ("--raw", str(history.raw), "--processed", str(history.processed))
        run_id = spark.submit(["process", "--taxi-type", self.months[0].taxi_type, *wish, *places, "--json"])
        say(f"Spark processes {', '.join(map(str, self.months))}: {run_id} …")
        done = wait(spark, run_id, seconds=settings.timeout_minutes * MINUTE, tell=say)
        told = month_summaries(spark.logs(run_id).stdout)
        made = {Month(one["taxi_type"], one["month"]): one for one in told}
        if all(one["error"] for one in made.values()):
            raise UserError(f"Spark could not process the months ({done.detail or done.state.value})")
        say(f"Spark is done after {done.seconds:,.0f} s: {spark.usage(run_id).text()}")
        if done.state is RunState.CANCELLED:
            raise UserError(f"{run_id} was cancelled", "run the same command again")
        return made

    def _publish(
        self, record: BackfillRun, made: Mapping[Month, Mapping[str, Any]], consent: Consent
    ) -> None:
        dsn, schema = self.of.endpoints.postgres_dsn, self._schema
        good = [month for month in self.months if month in made and not made[month]["error"]]
        record.plan([_planned(month, made[month]) for month in good], ENGINE)
        record.begin()
        loading.load(dsn, schema, self.of.history.processed, good)
        found = {month: publication.compare(dsn, month, schema, self.name, ENGINE) for month in good}
        print_comparison(found)
        obtain(consent, found, "the months stay as they were")
        done = publication.publish(dsn, good, schema, self.name)
        print_published(done, f"./taxi backfill --undo {self.name}")

    def _report_failures(self, record: BackfillRun, made: Mapping[Month, Mapping[str, Any]]) -> None:
        reasons = {month: one["error"] for month, one in made.items() if one["error"]}
        if not reasons:
            return
        story = "; ".join(f"{month}: {reason}" for month, reason in reasons.items())
        record.fail(story)
        raise UserError(story, "the other months are published")


def _planned(month: Month, made: Mapping[str, Any]) -> PlannedMonth:
    files = ", ".join(Path(name).name for name in made["files"])
    return PlannedMonth(month, files, made["accepted"] + made["quarantined"], made["quarantined"])


def _code() -> list[Path]:
    files = (path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*"))
    return sorted(path for path in files if path.suffix in CODE_SUFFIXES)
