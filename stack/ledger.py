"""The accounting of the trips, as a person reads it."""

from dataclasses import dataclass

from rich import box
from rich.table import Table

from stack import database
from stack.console import output
from stack.endpoints import Endpoints
from stack.topic import TOPIC, Topic

ACCOUNTS = ("windowed", "quarantined", "late", "duplicates", "dead_letters")
_SUMS = ", ".join(f"sum({account})::bigint" for account in ("received", *ACCOUNTS, "progress_markers"))
# Hours are not set off against one another: a trip too many in one does not make good one too few.
_IMBALANCE = "sum(abs(imbalance))::bigint"
TOTALS = (
    f"select taxi_type, {_SUMS}, {_IMBALANCE} from {{}}.trip_ledger group by taxi_type order by taxi_type"  # noqa: S608
)


@dataclass(frozen=True)
class Entry:
    """The accounts of one taxi type, in records."""

    taxi_type: str
    received: int
    windowed: int
    quarantined: int
    late: int
    duplicates: int
    dead_letters: int
    progress_markers: int
    imbalance: int


@dataclass(frozen=True)
class Ledger:
    """The accounts of every taxi type beside what Kafka holds."""

    entries: tuple[Entry, ...]
    records_in_kafka: int

    @property
    def records_read(self) -> int:
        """What the job has read and reported."""
        return sum(entry.received + entry.progress_markers for entry in self.entries)

    @property
    def balances(self) -> bool:
        """Whether every record in Kafka is accounted for, exactly."""
        return self.records_read == self.records_in_kafka and not any(e.imbalance for e in self.entries)


def read_ledger(endpoints: Endpoints, schema: str = "taxi", topic: str = TOPIC) -> Ledger:
    """The ledger as it stands now: it balances at quiet points, and may lag behind Kafka between them."""
    rows = database.query(endpoints.postgres_dsn, TOTALS.format(schema)).rows
    records = Topic(endpoints.kafka_bootstrap_servers, topic).record_count()
    return Ledger(tuple(Entry(*row) for row in rows), records)


def print_ledger(ledger: Ledger) -> None:
    """One line an account, one column a taxi type, and whether it adds up."""
    table = Table(title="Where every record went", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for entry in ledger.entries:
        table.add_column(entry.taxi_type, justify="right")
    for account in ("received", *ACCOUNTS, "imbalance", "progress_markers"):
        amounts = [getattr(entry, account) for entry in ledger.entries]
        table.add_row(account.replace("_", " "), *(f"{amount:,}" for amount in amounts))
    output().print(table)
    verdict = "it adds up exactly" if ledger.balances else "it does not add up (yet)"
    output().print(
        f"{ledger.records_in_kafka:,} records in Kafka, {ledger.records_read:,} accounted for: {verdict}",
        highlight=False,
        soft_wrap=True,
    )
