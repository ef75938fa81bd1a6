"""`./taxi parity`: compares the months that Spark made with what the stream wrote, window by window."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from control_plane.months import loading
from control_plane.months.history import History, ProcessedMonth
from control_plane.months.report import COMPARED, print_comparison
from control_plane.sink import publication
from control_plane.sink import table_sets as tables
from control_plane.sink.publication import Comparison
from schemas.errors import UserError
from schemas.tlc_month import TlcMonth
from stack.console import output
from stack.endpoints import Endpoints

SCHEMA = "taxi_parity"
TITLE = "The stream compared with Spark"
LABELS = COMPARED | {
    "explained": "  explained by trips of the late ledger",
    "trips_only_served": "  only in the stream",
    "trips_only_in_run": "  only in Spark",
}
UNEXPLAINED = 1
NOT_STREAMED = 3


@dataclass(frozen=True)
class Parity:
    """The comparison of months; the stream has written no row of those in `not_streamed`."""

    found: Mapping[TlcMonth, Comparison]
    not_streamed: Sequence[TlcMonth]

    @classmethod
    def of(cls, endpoints: Endpoints, history: History, months: Sequence[TlcMonth]) -> "Parity":
        """Compare, and store a report of each month; raises UserError for a month that Spark has not made."""
        dsn, processed_month = (
            endpoints.postgres_dsn,
            {month: _processed_month(history, month) for month in months},
        )
        with publication.publication_lock(endpoints):
            tables.set_up(dsn)
            streamed = [month for month in processed_month if publication.is_streamed(dsn, month)]
            try:
                loading.load(dsn, SCHEMA, history.processed, streamed)
                found = {
                    month: publication.compare(
                        dsn,
                        month,
                        SCHEMA,
                        processed_month[month].fingerprint,
                        "spark",
                        compared_with="stream",
                    )
                    for month in streamed
                }
            finally:
                tables.drop(dsn, SCHEMA)
        return cls(found, [month for month in processed_month if month not in found])

    @property
    def exit_code(self) -> int:
        """The exit code for programs."""
        if any(one.unexplained for one in self.found.values()):
            return UNEXPLAINED
        return NOT_STREAMED if self.not_streamed else 0

    def print(self) -> None:
        """Print the comparison for display."""
        if self.found:
            print_comparison(self.found, TITLE, LABELS)
        for month in self.not_streamed:
            text = f"{month}: the stream has no rows of it, so there is nothing to compare"
            output().print(text, highlight=False, soft_wrap=True)

    def as_data(self) -> list[dict[str, object]]:
        """Return the comparison for programs: an entry per month."""
        compared = [{**asdict(month), "streamed": True, **asdict(one)} for month, one in self.found.items()]
        return compared + [{**asdict(month), "streamed": False} for month in self.not_streamed]


def _processed_month(history: History, month: TlcMonth) -> ProcessedMonth:
    processed_month = history.processed_month(month)
    if processed_month is None:
        raise UserError(
            f"{month}: Spark has not processed it in {history.processed.address}",
            f"run ./taxi backfill --taxi-type {month.taxi_type} --month {month.text}",
        )
    return processed_month
