"""The plan of a backfill and its estimated cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from control_plane.months.history import History
from control_plane.settings import SparkSettings
from control_plane.spark.spark_backend import Usage
from producer.fetching.object_store import StoredFile
from schemas.tlc_month import TlcMonth

START_VCPU_SECONDS = 40.0
MILLION_ROWS_VCPU_SECONDS = 85.0
"""Two busy cores took 413 s for ten million trips: enough to compare months by size, not to predict a
bill."""

GB_A_VCPU = 4.0
"""EMR Serverless' default."""


@dataclass(frozen=True)
class MonthEstimate:
    """A month: its files, their rows where a footer has them, and whether Spark has to process it."""

    month: TlcMonth
    files: Sequence[StoredFile]
    rows: int | None
    is_processed: bool

    def cells(self) -> tuple[str, ...]:
        """Return the cells of a table row."""
        names = ", ".join(file.name for file in self.files)
        megabytes = f"{sum(file.size for file in self.files) / 1e6:,.1f}" if self.files else ""
        rows = "" if self.rows is None else f"{self.rows:,}"
        state = "processed" if self.is_processed else "to be processed" if self.files else "to be fetched"
        return str(self.month), names, megabytes, rows, state


def estimate_month(history: History, month: TlcMonth, code: str) -> MonthEstimate:
    """Estimate a month."""
    files = history.raw_files(month)
    rows = [history.raw_rows(file) for file in files]
    counted = sum(count for count in rows if count is not None) if files and None not in rows else None
    processed_month = history.processed_month(month) if files else None
    is_processed = processed_month is not None and processed_month.fingerprint == history.fingerprint(
        month, code
    )
    return MonthEstimate(month, files, counted, is_processed)


def estimate(planned: Sequence[MonthEstimate], settings: SparkSettings) -> Usage:
    """Estimate Spark's usage for the months whose rows are known."""
    left = [one.rows for one in planned if one.rows is not None and not one.is_processed]
    seconds = START_VCPU_SECONDS * bool(left) + MILLION_ROWS_VCPU_SECONDS * sum(left) / 1e6
    hours = seconds / 3600
    rates = (settings.usd_per_vcpu_hour, settings.usd_per_gb_hour)
    return Usage(hours, GB_A_VCPU * hours, *rates)
