"""The readings behind the platform's metrics: the job, served rows, the ledger, the disk."""

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

# An hour is settled when the watermark has closed the last window that holds a trip of it. Hours are not
# netted: an extra trip in one does not make up for a missing one in another.
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
    """The imbalance of hours whose windows are all closed; None while the watermark is unknown."""


@dataclass(frozen=True)
class LedgerReading:
    """The stored records, with the record count of Kafka."""

    accounts: tuple[LedgerAccount, ...]
    topic_records: int
    dead_letters_waiting: int


@dataclass(frozen=True)
class ServedReading:
    """The lag of the newest served window of each taxi type behind the publishers' clock, in event time."""

    lag_seconds: Mapping[str, float]


@dataclass(frozen=True)
class DiskReading:
    """The disk of the stack's home."""

    size_bytes: int
    free_bytes: int


class PlatformMetrics:
    """The running platform, read through the interfaces that its users have."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._flink = FlinkRest(endpoints.flink_rest_url)
        self._ends = TopicEnds(endpoints.kafka)
        self._watermark: str | None = None
        self._accounted_for = -1

    def jobs(self) -> tuple[JobStatus, ...]:
        """Return the status of the job that `taxi.*` shows, and of each other one that is meant to run."""
        first = self._job(DEFAULT_JOB)
        self._watermark = first.watermark
        wanted = {split_version_name(name)[0] for name in JobRecords(self._endpoints.home).wanted()}
        return (first, *(self._job(name) for name in sorted(wanted - {DEFAULT_JOB})))

    def _job(self, name: str) -> JobStatus:
        """Return the status of a job; an unreachable one is down."""
        try:
            served = exact_name(self._endpoints, name)
            site = JobSite.of(self._endpoints, served)
            known = site.records.read(served).topic_id
            return read_status(self._flink, served, site.watched_steps, self._ends, known)
        except UserError as failure:
            return unreachable(name, failure.message)

    def ledger(self) -> LedgerReading:
        """Read the accounts from Postgres."""
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
        """Count the records in the topic; use offsets while the accounts change, since counting reads all
        records."""
        topic, before = Topic(self._endpoints.kafka), self._accounted_for
        self._accounted_for = accounted_for
        return topic.record_count(accounted_for) if accounted_for == before else topic.offset_count()

    def served(self) -> ServedReading:
        """Read what `taxi.zone_fares_now` serves, against the clock of the slowest partition."""
        clocks_ms = self._ends.event_clocks_ms()
        rows = database.query(self._endpoints.postgres_dsn, _SERVED).rows if clocks_ms else ()
        return ServedReading({kind: _seconds_behind(newest, min(clocks_ms)) for kind, newest in rows})

    def disk(self) -> DiskReading:
        """Read the disk usage."""
        usage = shutil.disk_usage(self._endpoints.home)
        return DiskReading(usage.total, usage.free)


def _seconds_behind(window_end: datetime, clock_ms: int) -> float:
    # Naive New York time is carried as if it were UTC on both sides.
    return clock_ms / 1000 - window_end.replace(tzinfo=UTC).timestamp()
