"""The ledger of the trips: the records that the job read, and where each is stored."""

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
# Hours are not netted: an extra trip in one does not make up for a missing one in another.
_IMBALANCE = "sum(abs(imbalance))::bigint"
TOTALS = f"select taxi_type, {_SUMS}, {_IMBALANCE} from %s.trip_ledger group by taxi_type order by taxi_type"  # noqa: S608
HOURS_WIDTH = 110
RECEIVED = """
select relname from pg_class
where relnamespace = to_regnamespace(%(table_set)s) and relname in ('received_records', 'on_time_as_read')
"""
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
    """The accounts of one taxi type, in records; of one hour of event time where one is given."""

    taxi_type: str
    received: int
    windowed: int
    quarantined: int
    late: int
    duplicates: int
    dead_letters: int
    progress_markers: int
    imbalance: int
    """Records read and not stored, less records stored and not read; over hours, a sum of absolute values."""
    event_hour: datetime | None = None


@dataclass(frozen=True)
class Ledger:
    """The accounts of every taxi type, with the record count of Kafka."""

    entries: tuple[LedgerEntry, ...]
    records_in_kafka: int
    """The records that a consumer gets: an offset may also be a transaction marker or an aborted record."""

    @property
    def records_read(self) -> int:
        """The records that the job has read and reported."""
        return sum(entry.received + entry.progress_markers for entry in self.entries)

    @property
    def balances(self) -> bool:
        """Whether every record in Kafka is accounted for, exactly."""
        return self.records_read == self.records_in_kafka and not any(e.imbalance for e in self.entries)


def read_ledger(
    endpoints: Endpoints, schema: str = "taxi", topic: str = TRIPS_TOPIC, *, exact: bool = True
) -> Ledger:
    """Read the current ledger: it balances at quiet points, and may lag behind Kafka between them.

    `schema` is a table set, or `taxi` for the served one. Unless it is to be `exact`, offsets count as
    records: where the two differ, Kafka has to be read to count them.
    """
    rows = database.query(endpoints.postgres_dsn, TOTALS % schema).rows
    read = Ledger(tuple(LedgerEntry(*row) for row in rows), 0)
    source = Topic(endpoints.kafka, topic)
    records = source.record_count(read.records_read) if exact else source.offset_count()
    return replace(read, records_in_kafka=records)


def read_hours(
    endpoints: Endpoints, since: datetime | None = None, until: datetime | None = None, *, every: bool = False
) -> tuple[LedgerEntry, ...]:
    """Read the accounts by hour of event time: the imbalanced ones, or all from `since` to before `until`."""
    parameters = {"since": since, "until": until, "all": every}
    return tuple(LedgerEntry(*row) for row in database.query(endpoints.postgres_dsn, HOURS, parameters).rows)


def forget_received(dsn: str, table_set: str) -> None:
    """Reset the debit side to zero, for a job that reads its topic from the beginning and counts all again.

    Counts that an earlier run wrote under other keys would otherwise stay forever.
    """
    for (name,) in database.query(dsn, RECEIVED, {"table_set": table_set}).rows:
        database.query(dsn, f"delete from {table_set}.{name}")  # noqa: S608 - our own names


def print_ledger(ledger: Ledger, verdict: str = "") -> None:
    """Print a line per account, a column per taxi type, and whether it balances unless a verdict is given."""
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
    """Print one line per taxi type and hour of event time."""
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
