"""Model how trips reach the platform: on time, weeks later, out of order, or late on purpose."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import duckdb

from producer.reading.preparation import MonthPreparer, digest
from producer.reading.prepared import Prepared, Span
from producer.reading.queries import derived, query
from schemas.errors import UserError

WEEK = timedelta(weeks=1)
LEAST_FORWARD = timedelta(minutes=2)
"""The shortest delay that is always late: a minute is closed a minute after its end."""

MOST_FORWARD = timedelta(minutes=30)
MOST_DISORDER = timedelta(days=1)


class LatenessMode(StrEnum):
    """The trips that arrive late on purpose."""

    NONE = "none"
    STORE_AND_FORWARD = "store-and-forward"


@dataclass(frozen=True)
class Arrival:
    """The delays of prepared trips; equal values delay the same trips by the same seconds.

    Trips arrive up to `disorder_seconds` after they happened: up to 60 none of them is late. With
    store-and-forward, valid trips that their vehicle held back (flag Y) arrive 2 to 30 minutes later.
    """

    weeks_later: int = 0
    disorder_seconds: int = 0
    lateness: LatenessMode = LatenessMode.NONE
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.disorder_seconds <= MOST_DISORDER.total_seconds():
            raise UserError(f"--disorder is {self.disorder_seconds}", "give 0 to 86400 seconds")
        if self.seed < 0:
            raise UserError(f"--seed is {self.seed}", "give 0 or more")

    def to_present(self, span: Span, now: datetime) -> "Arrival":
        """Shift by whole weeks, so that this weekday and time of the file's first week are now."""
        first_ms = span.first_ms or 0
        first = datetime(1970, 1, 1) + timedelta(milliseconds=first_ms)  # noqa: DTZ001 - New York wall-clock time
        return replace(self, weeks_later=(now - first) // WEEK)

    def applied(self, source: Prepared, preparer: MonthPreparer) -> Prepared:
        """Return the trips in arrival order; the result is cached next to the prepared month."""
        if self.weeks_later:
            fingerprint = digest(self._shift_sql, source.fingerprint)
            source = preparer.derived_month(source, fingerprint, "shift to the present", self._shifted)
        if self.disorder_seconds or self.lateness is not LatenessMode.NONE:
            fingerprint = digest(self._arrive_sql, source.fingerprint)
            source = preparer.derived_month(source, fingerprint, "arrival order", self._delayed)
        return source

    def _shifted(self, rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        return derived(rows, "prepared", self._shift_sql)

    def _delayed(self, rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        return derived(rows, "prepared", self._arrive_sql)

    @property
    def _shift_sql(self) -> str:
        return query("shift", days=str(self.weeks_later * 7))

    @property
    def _arrive_sql(self) -> str:
        return query(
            "arrive",
            seed=str(self.seed),
            disorder_seconds=str(self.disorder_seconds),
            stores_and_forwards=str(self.lateness is LatenessMode.STORE_AND_FORWARD).lower(),
            least_forward_seconds=str(int(LEAST_FORWARD.total_seconds())),
            most_forward_seconds=str(int(MOST_FORWARD.total_seconds())),
        )
