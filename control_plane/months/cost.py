"""The plan of a backfill: the size of each month, by its file where it is here, else by the sizing model."""

from collections.abc import Sequence
from dataclasses import dataclass

from control_plane.months.history import History
from control_plane.months.sizing import LIST_PRICES, Size, SparkRuns, size_of_month, total
from control_plane.settings import SparkSettings
from control_plane.spark.spark_backend import Usage
from producer.fetching.object_store import StoredFile
from schemas.tlc_month import TlcMonth

PLAN_VCPUS = 16
"""The maximum of EMR Serverless in the environment dev."""


@dataclass(frozen=True)
class MonthEstimate:
    """A month: its files, their rows where a footer has them, and whether Spark has to process it."""

    month: TlcMonth
    files: Sequence[StoredFile]
    rows: int | None
    is_processed: bool

    @property
    def size(self) -> Size:
        """The size by what is known of the month; what is not is that of an average month."""
        known_bytes = sum(file.size for file in self.files) if self.files else None
        return size_of_month(self.month.taxi_type, self.rows, known_bytes)

    def cells(self) -> tuple[str, ...]:
        """Return the cells of a table row; `~` marks what the sizing model says."""
        names = ", ".join(file.name for file in self.files)
        size = self.size
        megabytes = f"{'' if self.files else '~'}{size.raw_bytes / 1e6:,.1f}"
        rows = f"{'~' if self.rows is None else ''}{size.trips:,}"
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
    """Estimate Spark's usage for the months that it has to process; at list prices without given rates."""
    runs = spark_runs(planned)
    given = (settings.usd_per_vcpu_hour, settings.usd_per_gb_hour)
    rates = LIST_PRICES if None in given else given
    return Usage(runs.vcpu_hours, runs.gb_hours, *rates)


def spark_runs(planned: Sequence[MonthEstimate]) -> SparkRuns:
    """Size the run of Spark over the months that are not processed yet."""
    return SparkRuns.of(total(one.size for one in planned if not one.is_processed))


def estimate_lines(planned: Sequence[MonthEstimate], settings: SparkSettings) -> list[str]:
    """Say what the months would take, for users."""
    size, runs = total(one.size for one in planned), spark_runs(planned)
    estimated = [str(one.month) for one in planned if one.rows is None]
    lines = [
        f"together: {size.files} files, {size.raw_bytes / 1e9:,.2f} GB, {size.trips:,} trips in"
        f" {size.windows:,} windows; {size.processed_bytes / 1e9:,.2f} GB processed",
        f"Spark would use about {estimate(planned, settings).text()}; {runs.minutes(PLAN_VCPUS):,.0f} min on"
        f" {PLAN_VCPUS} vCPUs",
        f"Postgres: {size.trips + size.windows:,} rows, {size.postgres_bytes / 1e9:,.2f} GB with indexes,"
        f" {size.publication_seconds / 60:,.0f} min to publish; Kafka, if replayed:"
        f" {size.kafka_bytes / 1e9:,.2f} GB a replica",
    ]
    if estimated:
        lines.append(
            f"~ by the sizing model, as no file is here whose rows are known: {', '.join(estimated)}"
        )
    return lines
