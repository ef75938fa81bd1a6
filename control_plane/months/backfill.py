"""One run from the TLC's files to served rows: fetched, processed by Spark, compared, published."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import psycopg
from rich import box
from rich.table import Table

from control_plane.months import fetching, loading, processing
from control_plane.months.approval import Approval, require_approval
from control_plane.months.cost import estimate_lines, estimate_month
from control_plane.months.history import History, ProcessedMonth
from control_plane.months.report import print_comparison, print_published
from control_plane.settings import SparkSettings
from control_plane.sink import publication
from control_plane.sink import table_sets as tables
from control_plane.sink.publication import served_of
from control_plane.sink.runs import BackfillRun, Engine, PlannedMonth
from control_plane.spark.spark_backend import SparkBackend
from schemas.errors import UserError
from schemas.rules import is_nearly_all
from schemas.tlc_month import TlcMonth
from stack import database
from stack.console import output, print_message
from stack.endpoints import Endpoints

ENGINE: Engine = "spark"
COLUMNS = ("month", "file", "MB", "rows", "state", "served", "published by")
FIGURES = {"MB", "rows", "served"}


@dataclass(frozen=True)
class Backfill:
    """Some months of one taxi type, the location of their files, and where Spark runs."""

    endpoints: Endpoints
    months: Sequence[TlcMonth]
    history: History
    spark: SparkBackend

    def print_plan(self) -> None:
        """Print the files of each month, and what is served of it now."""
        tables.set_up(self.endpoints.postgres_dsn)
        raw, processed = self.history.raw.address, self.history.processed.address
        title = f"Raw months in {raw}, processed ones in {processed}"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for column in COLUMNS:
            table.add_column(column, justify="right" if column in FIGURES else "left")
        planned = [estimate_month(self.history, month, self.spark.code()) for month in self.months]
        for one in planned:
            served, by = served_of(self.endpoints.postgres_dsn, one.month)
            table.add_row(*one.cells(), f"{served:,}", by)
        output().print(table)
        for line in estimate_lines(planned, SparkSettings.from_environment()):
            print_message(line)

    def fetch(self, *, refresh: bool) -> None:
        """Fetch the files to where Spark reads them; raises UserError for months that are not available."""
        processing.refuse_folders(self.spark, self.history)
        _refuse_missing(fetching.fetch_missing(self.history, self.months, refresh=refresh))
        for month in self.months:
            names = ", ".join(file.path for file in self.history.raw_files(month))
            print_message(f"{month}: {names} in {self.history.raw.address}")

    def execute(self, approval: Approval, *, refresh: bool) -> None:
        """Run the whole backfill; raises UserError when a month failed, after publishing the others."""
        processing.refuse_folders(self.spark, self.history)
        with publication.publication_lock(self.endpoints):
            tables.set_up(self.endpoints.postgres_dsn)
            missing = fetching.fetch_missing(self.history, self.months, refresh=refresh)
            there = [month for month in self.months if month not in missing]
            if there:
                _Run(self, there).execute(approval)
        _refuse_missing(missing)


@dataclass(frozen=True)
class _Run:
    """A backfill whose files are fetched; the same files and the same code are the same run."""

    of: Backfill
    months: Sequence[TlcMonth]

    @cached_property
    def fingerprints(self) -> Mapping[TlcMonth, str]:
        """The fingerprint of each month."""
        code = self.of.spark.code()
        return {month: self.of.history.fingerprint(month, code) for month in self.months}

    @cached_property
    def name(self) -> str:
        """The name of the run, derived from its fingerprints."""
        return hashlib.sha256("\n".join(self.fingerprints.values()).encode()).hexdigest()[:10]

    @property
    def _schema(self) -> str:
        return f"taxi_backfill_{self.name}"

    def execute(self, approval: Approval) -> None:
        """Run all steps after the fetch."""
        dsn = self.of.endpoints.postgres_dsn
        if all(publication.is_published(dsn, month, self.name) for month in self.months):
            tables.drop(dsn, self._schema)  # left by a run that was killed after it had published
            print_message(f"run {self.name} is already published: nothing to do")
            return
        record = BackfillRun(dsn, self.name)
        files = {month: self.of.history.content(month) for month in self.months}
        record.plan([PlannedMonth(month, "", 0, 0, files[month]) for month in self.months], ENGINE)
        try:
            record.begin()
            reasons = self._process(force=approval.force)
            database.outlasting(dsn, lambda: self._publish(record, approval, files))
        except (UserError, psycopg.Error, OSError) as failure:
            record.fail(str(failure).partition("\n")[0])
            raise
        finally:
            tables.drop(dsn, self._schema)
        if reasons:
            story = "; ".join(f"{month}: {reason}" for month, reason in reasons.items())
            record.fail(story)
            raise UserError(
                story, "the other months are published; fix the cause, then run the same command again"
            )

    def _process(self, *, force: bool) -> Mapping[TlcMonth, str]:
        """Have Spark process the missing months; return failures by month. Raises UserError if all fail."""
        left = self._unprocessed()
        if not left:
            print_message("the months are already processed")
            return {}
        outcome = processing.process(self.of.spark, left, self.of.history, force=force)
        failed = {month: outcome.reason(month) for month in self._unprocessed()}
        if len(failed) == len(self.months):
            raise UserError(f"Spark could not process the months ({outcome.detail})")
        return failed

    def _processed_months(self) -> dict[TlcMonth, ProcessedMonth]:
        """Return the months whose rows are in place, made from exactly these files and this code."""
        found = {month: self.of.history.processed_month(month) for month in self.months}
        return {
            month: one for month, one in found.items() if one and one.fingerprint == self.fingerprints[month]
        }

    def _unprocessed(self) -> dict[TlcMonth, str]:
        processed_month = self._processed_months()
        return {month: text for month, text in self.fingerprints.items() if month not in processed_month}

    def _publish(self, record: BackfillRun, approval: Approval, files: Mapping[TlcMonth, str]) -> None:
        dsn, schema, processed_month = self.of.endpoints.postgres_dsn, self._schema, self._processed_months()
        record.plan([_planned(month, one, files[month]) for month, one in processed_month.items()], ENGINE)
        record.begin()
        if not approval.force:
            for month, one in processed_month.items():
                _refuse_nearly_all_quarantined(month, one)
        loading.load(dsn, schema, self.of.history.processed, list(processed_month))
        found = {
            month: publication.compare(dsn, month, schema, self.name, ENGINE) for month in processed_month
        }
        print_comparison(found)
        require_approval(approval, found, "the months stay unchanged")
        done = publication.publish(dsn, list(processed_month), schema, self.name)
        print_published(done, f"./taxi backfill --undo {self.name}")


def _refuse_missing(missing: Sequence[TlcMonth]) -> None:
    if missing:
        names = ", ".join(map(str, missing))
        raise UserError(
            f"{names}: no file could be fetched", "see the output above; the other months are done"
        )


def _refuse_nearly_all_quarantined(month: TlcMonth, processed_month: ProcessedMonth) -> None:
    """Refuse a month of nearly all invalid trips, even one that an earlier run was forced to process."""
    trips = processed_month.accepted + processed_month.quarantined
    if is_nearly_all(processed_month.quarantined, trips):
        raise UserError(
            f"{', '.join(processed_month.files)}: {processed_month.quarantined:,} of {trips:,} trips are"
            f" quarantined, so this is probably not {month}",
            "run ./taxi inspect on the file, or add --force to publish it nevertheless",
        )


def _planned(month: TlcMonth, processed_month: ProcessedMonth, content: str) -> PlannedMonth:
    return PlannedMonth(
        month,
        ", ".join(processed_month.files),
        processed_month.accepted + processed_month.quarantined,
        processed_month.quarantined,
        content,
    )
