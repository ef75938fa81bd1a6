"""Checks whether a version of a job has caught up with the served one, and waits until it has."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from psycopg import sql
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from control_plane.jobs.health import DOWN_STATES
from control_plane.jobs.status import JobStatus
from control_plane.jobs.versions.versions import Version
from control_plane.sink.ledger import read_ledger
from schemas.errors import UserError
from stack import database
from stack.console import console, print_message
from stack.waiting import Polling, StalledError, WaitProgress, wait_until

POLL_SECONDS = 1.0
LINE_SECONDS = 5.0
STUCK_SECONDS = 120.0
MOST_RESTARTS = 3
READING_AHEAD_SECONDS = 2
"""A job that follows a running replay is always behind by the records of the last moments."""
WATERMARK_SLACK_MS = 3_600_000
"""Another version may allow for more disorder, and so close its windows later."""
OPEN_HOURS = timedelta(hours=2)
"""The span before the watermark in which the ledger does not balance yet."""
OLD_IMBALANCE = """
select coalesce(sum(abs(imbalance)), 0)::bigint from {}.trip_ledger where event_hour < %(closed_until)s
"""


@dataclass(frozen=True)
class CatchUpProgress:
    """How far a version is; `missing` names what it has not caught up with, and is empty when it has."""

    missing: str
    read: int = 0
    total: int = 0
    restarts: int = 0
    checkpoints: int = 0
    failure: str = ""
    has_ended: bool = False


def read_progress(version: Version, served: Version) -> CatchUpProgress:
    """Read a version and the served one; the served one first, because both may advance."""
    reference, now = served.site.status(), version.site.status()
    clock_ms = now.flow.watermark_ms if reference.flow.watermark_ms is None else reference.flow.watermark_ms
    missing = _unread(now, reference) or _unaccounted(version, served, clock_ms or 0)
    total = version.site.topic.offset_count()
    return CatchUpProgress(
        missing=missing,
        read=max(0, total - (total if now.flow.lag_records is None else now.flow.lag_records)),
        total=total,
        restarts=now.restarts.count,
        checkpoints=now.checkpoints_completed,
        failure=now.failure,
        has_ended=now.state in DOWN_STATES,
    )


def await_caught_up(version: Version, served: Version) -> float:
    """Wait, showing the progress; return the seconds it took. Raises UserError when it cannot catch up."""
    begun = time.monotonic()
    with _bar(version.site.name) as show:
        watch = CatchUpWatch(lambda: read_progress(version, served), show)
        try:
            wait_until(
                watch.has_caught_up,
                what=f"{version.name} to catch up with {served.name}",
                progress=watch.progress,
                stalled_seconds=STUCK_SECONDS,
                on_waiting=lambda _: None,  # the progress bar and its lines are more detailed
                polling=Polling(POLL_SECONDS),
            )
        except (StalledError, HopelessError) as failure:
            raise UserError(
                f"{version.name} cannot catch up: {failure.message}; the served version is unchanged",
                f"run ./taxi job status {version.name} for details,"
                f" or ./taxi job retire {version.name} to remove it",
            ) from failure
    return time.monotonic() - begun


class HopelessError(UserError):
    """A version cannot catch up without intervention."""


class CatchUpWatch:
    """A version that is polled until it has caught up."""

    def __init__(self, look: Callable[[], CatchUpProgress], show: Callable[[CatchUpProgress], None]) -> None:
        self._look, self._show = look, show
        self._seen: list[CatchUpProgress] = []

    def has_caught_up(self) -> bool:
        """Check whether nothing is missing; raises HopelessError when the version cannot catch up."""
        now = self._look()
        if not now.missing:
            return True
        self._seen.append(now)
        self._show(now)
        reason = hopeless(self._seen)
        if reason:
            raise HopelessError(reason)
        return False

    def progress(self) -> WaitProgress:
        """Return the progress at the last reading."""
        if not self._seen:
            return WaitProgress("its status could not be read yet", None)
        now = self._seen[-1]
        return WaitProgress(now.missing, (now.missing, now.read, now.total))


def hopeless(seen: Sequence[CatchUpProgress]) -> str:
    """Explain from all readings, the newest last, why a version cannot catch up without intervention."""
    now = seen[-1]
    since_checkpoint = list(takewhile(lambda one: one.checkpoints == now.checkpoints, reversed(seen)))
    if now.has_ended:
        return f"it no longer runs{_because(now)}"
    if now.restarts - since_checkpoint[-1].restarts >= MOST_RESTARTS:
        return f"it restarts repeatedly{_because(now)}"
    return ""


def _because(seen: CatchUpProgress) -> str:
    return f" ({seen.failure})" if seen.failure else ""


def _unread(now: JobStatus, reference: JobStatus) -> str:
    """Describe what the version has yet to read, or to close."""
    if now.lost_source:
        return now.lost_source
    if not now.is_running:
        return f"it is {now.state}"
    lag = now.flow.lag_records
    if lag is None:
        return "its lag is not known yet"
    if lag > max(reference.flow.lag_records or 0, READING_AHEAD_SECONDS * now.flow.read_per_second):
        return f"it is {lag:,} records behind"
    here, there = now.flow.watermark_ms, reference.flow.watermark_ms
    if there is not None and (here is None or here < there - WATERMARK_SLACK_MS):
        behind = f"its watermark is {now.watermark or 'not set'}"
        return f"{behind}, that of {reference.name} is {reference.watermark}"
    return ""


def _unaccounted(version: Version, served: Version, clock_ms: int) -> str:
    """Describe the imbalance of its ledger, of long closed hours only where the served one does not
    balance."""
    if read_ledger(version.site.endpoints, served.table_set, exact=False).balances:
        ledger = read_ledger(version.site.endpoints, version.table_set, exact=False)
        accounts = f"{ledger.records_read:,} of {ledger.records_in_kafka:,} records are accounted for"
        imbalance = sum(entry.imbalance for entry in ledger.entries)
        return (
            ""
            if ledger.balances
            else f"its ledger does not balance: {accounts}, the imbalance is {imbalance:,}"
        )
    closed_until = datetime.fromtimestamp(clock_ms / 1000, UTC).replace(tzinfo=None) - OPEN_HOURS
    theirs, ours = (_old_imbalance(one, closed_until) for one in (served, version))
    return f"its ledger has an imbalance of {ours:,} records before {closed_until}" if ours > theirs else ""


def _old_imbalance(version: Version, closed_until: datetime) -> int:
    query = sql.SQL(OLD_IMBALANCE).format(sql.Identifier(version.table_set)).as_string()
    rows = database.query(version.site.endpoints.postgres_dsn, query, {"closed_until": closed_until}).rows
    return int(rows[0][0])


@contextmanager
def _bar(name: str) -> Iterator["_ProgressLine"]:
    """Show a progress bar on a terminal, a line every few seconds elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[missing]}"),
    )
    with Progress(*columns, console=console(), transient=True, disable=not console().is_terminal) as progress:
        yield _ProgressLine(name, progress)


class _ProgressLine:
    """The display of the readings."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name, self._progress = name, progress
        self._task = progress.add_task(f"{name} reads the topic", total=None, missing="")
        self._line_at = 0.0

    def __call__(self, seen: CatchUpProgress) -> None:
        """Show a reading."""
        self._progress.update(self._task, total=seen.total, completed=seen.read, missing=seen.missing)
        if not console().is_terminal and time.monotonic() - self._line_at > LINE_SECONDS:
            self._line_at = time.monotonic()
            print_message(f"{self._name}: {seen.read:,} of {seen.total:,} records read; {seen.missing}")
