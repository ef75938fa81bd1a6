"""What is read of the platform for its metrics: the job, what is served, the ledger, the disk."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from control_plane.jobs.flink_rest import FlinkRest
from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.records import JobRecords
from control_plane.jobs.status import JobStatus, read_status, unreachable
from control_plane.jobs.versions.versions import exact_name
from control_plane.jobs.wiring import split_version_name
from control_plane.sink.ledger import ACCOUNTS
from control_plane.topics import Topic, TopicEnds
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack import database
from stack.endpoints import Endpoints

ENTRIES = ("received", *ACCOUNTS, "progress_markers")

# An hour is settled when the watermark has closed the last window that holds a trip of it. Hours are not set
# off against one another: a trip too many in one does not make good one too few.
_LEDGER = f"""
select
    taxi_type,
    {", ".join(f"sum({entry})::bigint" for entry in ENTRIES)},
    sum(abs(imbalance))::bigint,
    coalesce(sum(abs(imbalance)) filter (
        where event_hour + interval '75 minutes' <= cast(%(watermark)s as timestamp)
    ), 0)::bigint
from taxi.trip_ledger
group by taxi_type
"""  # noqa: S608 - put together from our own text
_SERVED = "select taxi_type, max(window_end) from taxi.zone_fares_now group by taxi_type"
_WAITING = "select count(*) from taxi.dead_letters where redriven_at is null"


@dataclass(frozen=True)
class LedgerAccount:
    """The ledger of one taxi type, in records."""

    taxi_type: str
    entries: Mapping[str, int]
    imbalance: int
    settled_imbalance: int | None
    """Of the hours whose windows are all closed; None while the watermark is not known."""


@dataclass(frozen=True)
class LedgerReading:
    """What is stored, beside what Kafka holds."""

    accounts: tuple[LedgerAccount, ...]
    topic_records: int
    dead_letters_waiting: int


@dataclass(frozen=True)
class ServedReading:
    """How far the newest served window of each taxi type is behind the publishers' clock, in event time."""

    lag_seconds: Mapping[str, float]


@dataclass(frozen=True)
class DiskReading:
    """The disk that the stack's home is on."""

    size_bytes: int
    free_bytes: int


class PlatformMetrics:
    """The running platform, read through the doors that its users have."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._flink = FlinkRest(endpoints.flink_rest_url)
        self._ends = TopicEnds(endpoints.kafka)
        self._watermark: str | None = None
        self._accounted_for = -1

    def jobs(self) -> tuple[JobStatus, ...]:
        """How the job does that `taxi.*` shows, and each other one that is meant to run."""
        first = self._job(DEFAULT_JOB)
        self._watermark = first.watermark
        wanted = {split_version_name(name)[0] for name in JobRecords(self._endpoints.home).wanted()}
        return (first, *(self._job(name) for name in sorted(wanted - {DEFAULT_JOB})))

    def _job(self, name: str) -> JobStatus:
        """How a job does; one that cannot be asked is down."""
        try:
            served = exact_name(self._endpoints, name)
            site = JobSite.of(self._endpoints, served)
            known = site.records.read(served).topic_id
            return read_status(self._flink, served, site.watched_steps, self._ends, known)
        except UserError as failure:
            return unreachable(name, failure.message)

    def ledger(self) -> LedgerReading:
        """The accounts as they stand in Postgres."""
        dsn = self._endpoints.postgres_dsn
        watermark = self._watermark
        rows = database.query(dsn, _LEDGER, {"watermark": watermark}).rows
        accounts = tuple(
            LedgerAccount(
                taxi_type=taxi_type,
                entries=dict(zip(ENTRIES, amounts[:-2], strict=True)),
                imbalance=amounts[-2],
                settled_imbalance=None if watermark is None else amounts[-1],
            )
            for taxi_type, *amounts in rows
        )
        return LedgerReading(
            accounts=accounts,
            topic_records=self._topic_records(
                sum(one.entries["received"] + one.entries["progress_markers"] for one in accounts)
            ),
            dead_letters_waiting=database.query(dsn, _WAITING).rows[0][0],
        )

    def _topic_records(self, accounted_for: int) -> int:
        """The records in the topic; its offsets while the accounts move on: counting reads all."""
        topic, before = Topic(self._endpoints.kafka), self._accounted_for
        self._accounted_for = accounted_for
        return topic.record_count(accounted_for) if accounted_for == before else topic.offset_count()

    def served(self) -> ServedReading:
        """What a reader of `taxi.zone_fares_now` sees, against the clock of the hindmost partition."""
        clocks_ms = self._ends.event_clocks_ms()
        rows = database.query(self._endpoints.postgres_dsn, _SERVED).rows if clocks_ms else ()
        return ServedReading({kind: _seconds_behind(newest, min(clocks_ms)) for kind, newest in rows})

    def disk(self) -> DiskReading:
        """How full it is."""
        usage = shutil.disk_usage(self._endpoints.home)
        return DiskReading(usage.total, usage.free)


def _seconds_behind(window_end: datetime, clock_ms: int) -> float:
    # Naive New York time is carried as if it were UTC on both sides.
    return clock_ms / 1000 - window_end.replace(tzinfo=UTC).timestamp()
