"""Audits the ledger at a quiet point, and locates the stages between which a record is lost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from control_plane.jobs.places import backend
from control_plane.jobs.status import Checkpoint, JobStatus, unreachable
from control_plane.jobs.versions.versions import Versions
from control_plane.publishers import current_publisher
from control_plane.settings import Backend, flink_backend
from control_plane.sink.ledger import Ledger, LedgerEntry, read_hours, read_ledger
from control_plane.topics import START_OVER
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from schemas.windows import ZONE_FARES
from stack import database
from stack.endpoints import Endpoints
from stack.waiting import Polling, StalledError, WaitProgress, wait_until

CONFIRM_SECONDS = 60.0
"""How long an imbalance is watched without a checkpoint: the writers flush their buffers at a checkpoint."""
POLL_SECONDS = 0.5
HOURS_NAMED = 3
KAFKA_AND_SOURCE = "Kafka and the source"
UNCONFIRMED = "the job's writers may still hold rows back: no checkpoint has completed since all was read"

# A late trip waits for no window: it is counted on arrival, even if it ended far ahead of the clock.
OPEN_TRIPS = "select count(*) from taxi.trips where on_time and dropoff_at >= %(from)s"
TRIPS_OF_HOUR = """
select count(*) from taxi.trips
where taxi_type = %(taxi_type)s and dropoff_at >= %(from)s and dropoff_at < %(to)s
"""

AuditOutcome = Literal["balanced", "imbalance", "no quiet point"]


@dataclass(frozen=True)
class QuiescenceSnapshot:
    """What may still change the accounts, at one moment; `at` in seconds since the epoch."""

    at: float
    publisher: str
    job: JobStatus
    open_trips: int

    @property
    def pending_reason(self) -> str:
        """The reason that this is not a quiet point; empty when no record is in flight."""
        lag = self.job.flow.lag_records
        if self.publisher:
            return f"a replay is running ({self.publisher})"
        if not self.job.is_running:
            return f"{self.job.name} is {self.job.state}: {self.job.verdict.reason}"
        if lag is None:
            known = "not known yet" if self.job.reports_lag else "not reported by the service that runs it"
            return f"the lag of {self.job.name} is {known}"
        if lag:
            return f"{self.job.name} is {lag:,} records behind"
        if self.open_trips:
            watermark = self.job.watermark
            clock = f"the watermark is {watermark}" if watermark else "no record came since the job restarted"
            return f"{self.open_trips:,} trips are in windows that are still open: {clock}"
        return ""

    def proves(self, earlier: "QuiescenceSnapshot") -> bool:
        """Check whether the writers have written all records read at the earlier snapshot."""
        taken = self.job.checkpoint
        return taken is not None and self.at - taken.age_seconds - taken.duration_seconds > earlier.at


@dataclass(frozen=True)
class Discrepancy:
    """Records lost, or counted too often, between two stages."""

    between: str
    taxi_type: str
    records: int
    story: str


@dataclass(frozen=True)
class Audit:
    """The accounts and their verdict."""

    ledger: Ledger
    pending_reason: str
    holes: tuple[Discrepancy, ...] = ()

    @property
    def verdict(self) -> AuditOutcome:
        """The verdict: balanced accounts need no quiet point; an imbalance is a loss only at one."""
        if self.ledger.balances and not self.holes:
            return "balanced"
        return "no quiet point" if self.pending_reason else "imbalance"


def take(endpoints: Endpoints, *, wait_seconds: float = 0) -> Audit:
    """Read the accounts at a quiet point, or at once where none comes in time."""
    return _QuietPoint(endpoints, wait_seconds).audit()


class _QuietPoint:
    """A series of readings until the result is certain: the accounts balance, or records stay missing."""

    def __init__(self, endpoints: Endpoints, wait_seconds: float) -> None:
        self._endpoints = endpoints
        self._limit = time.monotonic() + wait_seconds
        self._pending_reason = ""
        self._settled: tuple[QuiescenceSnapshot, Ledger] | None = None
        self._checkpoint: Checkpoint | None = None

    def audit(self) -> Audit:
        """Return the accounts; unconfirmed where no checkpoint comes that flushes the writers."""
        try:
            return wait_until(
                self._certain,
                what="a moment without records in flight",
                progress=self._progress,
                stalled_seconds=CONFIRM_SECONDS,
                polling=Polling(POLL_SECONDS),
            )
        except StalledError:
            return Audit(read_ledger(self._endpoints), UNCONFIRMED)

    def _certain(self) -> Audit | None:
        now = take_snapshot(self._endpoints)
        self._pending_reason, self._checkpoint = now.pending_reason, now.job.checkpoint
        if now.job.lost_source:
            return _of_lost_source(read_ledger(self._endpoints, exact=False), now.job.lost_source)
        may_wait = bool(now.pending_reason) and time.monotonic() < self._limit
        if may_wait and now.job.reports_lag:
            return None
        ledger = read_ledger(self._endpoints, exact=not now.pending_reason or not now.job.reports_lag)
        if may_wait and not ledger.balances:
            return None
        if ledger.balances or now.pending_reason:
            return Audit(ledger, now.pending_reason)
        if self._settled and self._settled[1] == ledger and now.proves(self._settled[0]):
            return Audit(ledger, "", holes(self._endpoints, ledger))
        self._settled = self._settled if self._settled and self._settled[1] == ledger else (now, ledger)
        return None

    def _progress(self) -> WaitProgress:
        now = time.monotonic()
        if self._pending_reason and now < self._limit:
            return WaitProgress(self._pending_reason, now)  # the caller has set a time limit
        number = self._checkpoint.number if self._checkpoint else None
        return WaitProgress("the accounts do not balance yet", (number, self._settled and self._settled[1]))


def take_snapshot(endpoints: Endpoints) -> QuiescenceSnapshot:
    """Read what may still change the accounts."""
    job = _job_status(endpoints)
    return QuiescenceSnapshot(
        at=time.time(),
        publisher=current_publisher(endpoints),
        job=job,
        open_trips=_open_trips(endpoints, job) if job.is_running and job.reports_lag else 0,
    )


def holes(endpoints: Endpoints, ledger: Ledger) -> tuple[Discrepancy, ...]:
    """List the stages between which records are lost, as far as the accounts show."""
    found = _unread(ledger)
    hours = read_hours(endpoints) if any(entry.imbalance for entry in ledger.entries) else ()
    by_type = {one.taxi_type: [hour for hour in hours if hour.taxi_type == one.taxi_type] for one in hours}
    return (*found, *(_lost_behind_source(endpoints, theirs) for theirs in by_type.values()))


def _of_lost_source(ledger: Ledger, reason: str) -> Audit:
    """Return an audit of accounts that belong to another topic: they prove nothing about this one."""
    hole = Discrepancy(KAFKA_AND_SOURCE, "", ledger.records_in_kafka, f"{reason}; {START_OVER}")
    return Audit(ledger, "", (hole,))


def _job_status(endpoints: Endpoints) -> JobStatus:
    try:
        if not endpoints.is_local and flink_backend() is not Backend.LOCAL:
            return backend(DEFAULT_JOB).status()
        return Versions(endpoints, DEFAULT_JOB).served().site.status()
    except UserError as failure:
        return unreachable(DEFAULT_JOB, failure.message)


def _open_trips(endpoints: Endpoints, job: JobStatus) -> int:
    """Count trips whose quarter of an hour is still open: they are served when it closes."""
    watermark_ms = job.flow.watermark_ms
    if watermark_ms is None:  # a restored job has none before its first record: use the publishers' clock
        watermark_ms = min(job.flow.event_clocks_ms, default=0) - _millis(ZONE_FARES.max_disorder)
    size_ms = _millis(ZONE_FARES.size)
    closed_until = datetime.fromtimestamp((watermark_ms + 1) // size_ms * size_ms / 1000, UTC)
    parameters = {"from": closed_until.replace(tzinfo=None)}
    return int(database.query(endpoints.postgres_dsn, OPEN_TRIPS, parameters).rows[0][0])


def _millis(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _unread(ledger: Ledger) -> Sequence[Discrepancy]:
    unread = ledger.records_in_kafka - ledger.records_read
    if not unread:
        return ()
    story = (
        f"the job has not counted {unread:,} records of Kafka"
        if unread > 0
        else f"the job has counted {-unread:,} records more than Kafka holds"
    )
    return (Discrepancy(KAFKA_AND_SOURCE, "", unread, story),)


def _lost_behind_source(endpoints: Endpoints, hours: Sequence[LedgerEntry]) -> Discrepancy:
    off = sum(abs(hour.imbalance) for hour in hours)
    worst = sorted(hours, key=lambda hour: -abs(hour.imbalance))[:HOURS_NAMED]
    named = "; ".join(_describe_hour(endpoints, hour) for hour in worst)
    more = f"; and {len(hours) - len(worst):,} more hours" if len(hours) > len(worst) else ""
    return Discrepancy("the source and the sinks", hours[0].taxi_type, off, f"{named}{more}")


def _describe_hour(endpoints: Endpoints, hour: LedgerEntry) -> str:
    what = "read but not stored" if hour.imbalance > 0 else "stored but not read"
    return f"{hour.event_hour:%Y-%m-%d %H:00} {abs(hour.imbalance):,} {what}{_hint(endpoints, hour)}"


def _hint(endpoints: Endpoints, hour: LedgerEntry) -> str:
    """Say whether `taxi.trips` agrees with the source or with the windows."""
    if hour.event_hour is None or hour.taxi_type == "unknown":
        return ""
    span = {"taxi_type": hour.taxi_type, "from": hour.event_hour, "to": hour.event_hour + timedelta(hours=1)}
    trips = int(database.query(endpoints.postgres_dsn, TRIPS_OF_HOUR, span).rows[0][0])
    served = hour.windowed + hour.late
    if trips == served:
        return " (taxi.trips agrees with the windows)"
    return f" (taxi.trips has {trips:,}, the windows have {served:,})"
