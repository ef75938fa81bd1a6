"""The accounting of the trips: what the job read, and where it is found."""

from dataclasses import dataclass, replace
from datetime import datetime

from rich import box
from rich.table import Table

from control_plane.topics import Topic
from schemas.topics import TRIPS_TOPIC
from stack import database
from stack.console import output, wide_output
from stack.endpoints import Endpoints

ACCOUNTS = ("windowed", "quarantined", "late", "duplicates", "dead_letters")
_SUMS = ", ".join(f"sum({account})::bigint" for account in ("received", *ACCOUNTS, "progress_markers"))
# Hours are not set off against one another: a trip too many in one does not make good one too few.
_IMBALANCE = "sum(abs(imbalance))::bigint"
TOTALS = f"select taxi_type, {_SUMS}, {_IMBALANCE} from %s.trip_ledger group by taxi_type order by taxi_type"  # noqa: S608
HOURS_WIDTH = 110
HOURS = f"""
select taxi_type, received, {", ".join(ACCOUNTS)}, progress_markers, imbalance, event_hour
from taxi.trip_ledger
where
    event_hour >= coalesce(%(since)s, '-infinity'::timestamp)
    and event_hour < coalesce(%(until)s, 'infinity'::timestamp)
    and (%(all)s or imbalance <> 0)
order by taxi_type, event_hour
"""  # noqa: S608 - put together from our own text


@dataclass(frozen=True)
class LedgerEntry:
    """The accounts of one taxi type, in records; of one hour of event time where one is named."""

    taxi_type: str
    received: int
    windowed: int
    quarantined: int
    late: int
    duplicates: int
    dead_letters: int
    progress_markers: int
    imbalance: int
    """Records read and not found, less those found and not read; summed up without its sign over hours."""
    event_hour: datetime | None = None


@dataclass(frozen=True)
class Ledger:
    """The accounts of every taxi type beside what Kafka holds."""

    entries: tuple[LedgerEntry, ...]
    records_in_kafka: int
    """Those that a reader gets: an offset may also be the end of a transaction, or an aborted record."""

    @property
    def records_read(self) -> int:
        """What the job has read and reported."""
        return sum(entry.received + entry.progress_markers for entry in self.entries)

    @property
    def balances(self) -> bool:
        """Whether every record in Kafka is accounted for, exactly."""
        return self.records_read == self.records_in_kafka and not any(e.imbalance for e in self.entries)


def read_ledger(
    endpoints: Endpoints, schema: str = "taxi", topic: str = TRIPS_TOPIC, *, exact: bool = True
) -> Ledger:
    """The ledger as it stands now: it balances at quiet points, and may lag behind Kafka between them.

    `schema` is a table set, or `taxi` for the one that is served. Unless it is to be `exact`, offsets stand
    for records: where the two differ, Kafka has to be read to count them.
    """
    rows = database.query(endpoints.postgres_dsn, TOTALS % schema).rows
    read = Ledger(tuple(LedgerEntry(*row) for row in rows), 0)
    source = Topic(endpoints.kafka, topic)
    records = source.record_count(read.records_read) if exact else source.offset_count()
    return replace(read, records_in_kafka=records)


def read_hours(
    endpoints: Endpoints, since: datetime | None = None, until: datetime | None = None, *, every: bool = False
) -> tuple[LedgerEntry, ...]:
    """The accounts by hour of event time: those with an imbalance, or all from `since` to before `until`."""
    parameters = {"since": since, "until": until, "all": every}
    return tuple(LedgerEntry(*row) for row in database.query(endpoints.postgres_dsn, HOURS, parameters).rows)


def print_ledger(ledger: Ledger, verdict: str = "") -> None:
    """One line an account, one column a taxi type, and whether it adds up unless there is another verdict."""
    table = Table(title="Where every record went", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for entry in ledger.entries:
        table.add_column(entry.taxi_type, justify="right")
    for account in ("received", *ACCOUNTS, "imbalance", "progress_markers"):
        amounts = [getattr(entry, account) for entry in ledger.entries]
        table.add_row(account.replace("_", " "), *(f"{amount:,}" for amount in amounts))
    output().print(table)
    verdict = verdict or ("it adds up exactly" if ledger.balances else "it does not add up")
    output().print(
        f"{ledger.records_in_kafka:,} records in Kafka, {ledger.records_read:,} accounted for: {verdict}",
        highlight=False,
        soft_wrap=True,
    )


def print_hours(entries: tuple[LedgerEntry, ...]) -> None:
    """One line a taxi type and hour of event time."""
    table = Table(title="By hour of event time", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("taxi type", "hour"):
        table.add_column(column, no_wrap=True)
    columns = ("received", *ACCOUNTS, "imbalance")
    for account in columns:
        table.add_column(account.replace("_", " "), justify="right")
    for entry in entries:
        amounts = (f"{getattr(entry, account):,}" for account in columns)
        table.add_row(entry.taxi_type, f"{entry.event_hour:%Y-%m-%d %H:%M}", *amounts)
    wide_output(HOURS_WIDTH).print(table)
