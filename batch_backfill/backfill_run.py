"""Process months, small ones side by side; a failed month is reported and does not stop the others."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from batch_backfill.causes import explained
from batch_backfill.layout import Stretches, write_files, write_month
from batch_backfill.raw_months import RawFile, raw_files
from batch_backfill.replacement import Replacement
from batch_backfill.settings import BatchSettings
from batch_backfill.spark_session import sibling
from batch_backfill.storage import Storage, spark_path
from batch_backfill.summary import MonthSummary, as_note
from batch_backfill.trips.footer import read_row_count
from batch_backfill.trips.job import Counted, counted, quarantined, valid_trips
from batch_backfill.trips.raw_source import open_source
from batch_backfill.zone_fares.job import zone_fares
from schemas.errors import UserError
from schemas.processed import QUARANTINED, TABLES, TRIPS, ZONE_FARES_15M
from schemas.rules import LAST_ZONE_ID, is_nearly_all
from schemas.tlc_month import TlcMonth
from schemas.windows import ZONE_FARES

SCRATCH = "_scratch"
MINUTES_OF_A_MONTH = 31 * 24 * 60
SMALL_BYTES = 16_000_000
MOST_AT_ONCE = 4
"""Small months that are processed at the same time; more would wait for the driver."""


@dataclass(frozen=True)
class BatchRun:
    """The folders and options of a run."""

    session: SparkSession
    storage: Storage
    raw: str
    processed: str
    settings: BatchSettings
    on_message: Callable[[str], None]
    fingerprints: Mapping[str, str]
    """By month, the caller's identifier of the input files."""
    force: bool
    """Also process a month of which nearly all trips are quarantined."""

    def process(self, months: Sequence[TlcMonth]) -> Iterator[MonthSummary]:
        """Replace each month in the processed history, if all of it could be computed; in this order."""
        at_once = min(MOST_AT_ONCE, self.session.sparkContext.defaultParallelism)
        for are_small, some in groupby(months, key=self._is_small):
            with ThreadPoolExecutor(at_once if are_small else 1) as pool:
                yield from pool.map(self._replaced, some)

    def _is_small(self, month: TlcMonth) -> bool:
        """Return whether most of the month's time is planning, which keeps one core busy."""
        try:
            return sum(file.size for file in raw_files(self.storage, self.raw, month)) <= SMALL_BYTES
        except UserError:  # reported when it is processed
            return True

    def _replaced(self, month: TlcMonth) -> MonthSummary:
        began = time.monotonic()
        self.on_message(f"{month}: processing")
        try:
            # The months that are processed at the same time use the same names for their views.
            summary = replace(self, session=sibling(self.session))._process_month(month)
        except UserError as error:
            summary = _failed(month, str(error))
        except (PySparkException, Py4JError, OSError) as error:
            summary = _failed(month, explained(error))
        return replace(summary, seconds=round(time.monotonic() - began, 1))

    def _process_month(self, month: TlcMonth) -> MonthSummary:
        files = raw_files(self.storage, self.raw, month)
        shapes = self.settings.taxi_zones_file
        replacement = Replacement(self.storage, self.processed, month)
        replacement.begin()
        with self._scratch(month) as scratch:
            sources = [
                open_source(self.session, self.storage, file, scratch=scratch, shapes=shapes)
                for file in files
            ]
            with counted(self.session, sources, self.settings.rows_for_one_task) as found:
                self._write(found, replacement)
        summary = self._summary(month, files, found, replacement)
        if not self.force and is_nearly_all(summary.quarantined, summary.accepted + summary.quarantined):
            replacement.begin()
            raise _hardly_that_month(month, summary)
        replacement.write_note(as_note(summary, self.fingerprints.get(month.text, "")))
        replacement.commit()
        return replace(summary, bytes_written=self._bytes(replacement))

    def _write(self, found: Counted, new: Replacement) -> None:
        """Write the new rows to the staging folder; the windows are of the trips as they were written."""

        def stretches(files: int) -> Stretches:
            return Stretches(new.month, files, found.in_one_task)

        bad, good = quarantined(found.trips), valid_trips(found.trips)
        write_month(bad, QUARANTINED, new.folder(QUARANTINED), stretches(1))
        write_month(good, TRIPS, new.folder(TRIPS), stretches(self._files(found.rows_read)))
        trips = self._read(new.folder(TRIPS), good.schema)
        fares = zone_fares(trips, stretches(self._files(_most_windows(found.rows_read))))
        write_files(self.storage, fares, new.folder(ZONE_FARES_15M))

    def _read(self, folder: str, schema: StructType | str) -> DataFrame:
        # Without a schema, Spark would run a job to find it in the files.
        return self.session.read.schema(schema).parquet(spark_path(folder))

    @contextmanager
    def _scratch(self, month: TlcMonth) -> Iterator[str]:
        """Provide a temporary folder for copies of files that Spark would not read correctly as they are."""
        folder = f"{self.processed}/{SCRATCH}/{month.file_stem}"
        try:
            yield folder
        finally:
            self.storage.delete(folder)

    def _summary(
        self,
        month: TlcMonth,
        files: Sequence[RawFile],
        found: Counted,
        new: Replacement,
    ) -> MonthSummary:
        counts = {table: self._rows(new.folder(table)) for table in TABLES}
        rules = self._rules(new.folder(QUARANTINED)) if counts[QUARANTINED] else {}
        return MonthSummary(
            month.taxi_type,
            month.text,
            "processed",
            files=[file.name for file in files],
            rows_read=found.rows_read,
            accepted=counts[TRIPS],
            quarantined=counts[QUARANTINED],
            quarantined_by_rule=rules,
            rejects=found.rejects,
            duplicates=found.rows_read - found.rejects - counts[TRIPS] - counts[QUARANTINED],
            windows=counts[ZONE_FARES_15M],
            bytes_read=sum(file.size for file in files),
        )

    def _rows(self, folder: str) -> int:
        """Count the rows that were written, as a reader finds them, by the footers of the files."""
        files = (file for file in self.storage.files(folder) if file.name.endswith(".parquet"))
        return sum(read_row_count(self.storage, file.path) for file in files)

    def _rules(self, folder: str) -> dict[str, int]:
        """Count the quarantined trips by the rule that they break; they are in one file."""
        rules = self._read(folder, "rules array<string>").selectExpr("explode(rules) as rule").coalesce(1)
        return {row["rule"]: row["count"] for row in rules.groupBy("rule").count().collect()}

    def _files(self, rows: int) -> int:
        return max(1, math.ceil(rows / self.settings.rows_per_file))

    def _bytes(self, replacement: Replacement) -> int:
        folders = (replacement.target(table) for table in TABLES)
        return sum(file.size for folder in folders for file in self.storage.files(folder))


def _most_windows(trips: int) -> int:
    """Return the most windows that these trips can fill.

    A month has a limited number of minutes and zones.
    """
    return min(trips * ZONE_FARES.panes, LAST_ZONE_ID * MINUTES_OF_A_MONTH)


def _hardly_that_month(month: TlcMonth, summary: MonthSummary) -> UserError:
    trips = summary.accepted + summary.quarantined
    most = max(summary.quarantined_by_rule, key=lambda rule: summary.quarantined_by_rule[rule])
    return UserError(
        f"{', '.join(summary.files)}: {summary.quarantined:,} of {trips:,} trips would be quarantined,"
        f" most of them by the rule {most}: the file is probably not {month}",
        "check the file with ./taxi inspect, or process it anyway with --force",
    )


def _failed(month: TlcMonth, error: str) -> MonthSummary:
    return MonthSummary(month.taxi_type, month.text, "failed", error=error)
