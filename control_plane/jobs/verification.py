"""Verifies a new release by the metrics of its first seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from control_plane.jobs.health import DOWN_STATES
from control_plane.jobs.status import JobStatus

POLLS = 5
POLL_SECONDS = 1.0
STALLED_VERIFY_SECONDS = 90.0


@dataclass(frozen=True)
class Observation:
    """One reading of a job's status."""

    state: str
    all_tasks_run: bool
    restarts: int
    failure: str
    checkpoints_completed: int
    watermark_ms: int | None
    event_clocks_ms: tuple[int, ...]
    lag_records: int | None
    records_read: int
    refusing_tables: frozenset[str] = frozenset()
    """The tables that have refused a row of the job, at any time."""


@dataclass(frozen=True)
class Baseline:
    """An older and a newer reading of the job before the new release takes over."""

    older: Observation
    newer: Observation

    @property
    def lag_grew(self) -> bool:
        """Whether the lag grew already: then a growing lag is not the new release's fault."""
        return (self.newer.lag_records or 0) > (self.older.lag_records or 0)


@dataclass(frozen=True)
class VerificationResult:
    """`passed`, `failed` permanently, or `open`: then the reason is what is still missing."""

    outcome: Literal["passed", "failed", "open"]
    reason: str = ""


def observation(status: JobStatus, refusing_tables: frozenset[str]) -> Observation:
    """Extract what the verification needs from a status, and add the tables that have refused rows."""
    return Observation(
        state=status.state,
        all_tasks_run=status.is_running,
        restarts=status.restarts.count,
        failure=status.failure,
        checkpoints_completed=status.checkpoints_completed,
        watermark_ms=status.flow.watermark_ms,
        event_clocks_ms=status.flow.event_clocks_ms,
        lag_records=status.flow.lag_records,
        records_read=status.flow.records_read,
        refusing_tables=refusing_tables,
    )


def evaluate(before: Baseline | None, seen: Sequence[Observation]) -> VerificationResult:
    """Return the verdict on a release from all its readings, the newest last."""
    now, recent = seen[-1], seen[-POLLS:]
    if now.restarts:
        return VerificationResult("failed", f"it restarted{_because(now.failure)}")
    if now.state in DOWN_STATES:
        return VerificationResult("failed", f"it is {now.state}{_because(now.failure)}")
    # A table that refused rows of the previous release says nothing about this one.
    if before and (tables := now.refusing_tables - before.newer.refusing_tables):
        return VerificationResult("failed", f"Postgres refuses its rows for {', '.join(sorted(tables))}")
    checks: tuple[Callable[[Baseline | None, Sequence[Observation]], str], ...] = (
        _not_running, _no_checkpoint, _watermark_behind, _watermark_stalled, _lag_grows
    )  # fmt: skip
    missing = next((reason for check in checks if (reason := check(before, recent))), "")
    return VerificationResult("open", missing) if missing else VerificationResult("passed")


def milestones(before: Baseline | None, now: Observation) -> tuple[bool, int, int | None]:
    """Measure the progress of a verification; counters that grow forever are not part of it."""
    goal_ms = before.newer.watermark_ms if before else None
    reached_ms = None if goal_ms is None or now.watermark_ms is None else min(goal_ms, now.watermark_ms)
    return now.all_tasks_run, min(now.checkpoints_completed, 1), reached_ms


def _not_running(_: Baseline | None, recent: Sequence[Observation]) -> str:
    if len(recent) == POLLS and all(one.all_tasks_run for one in recent):
        return ""
    return f"not all of its tasks ran in {POLLS} consecutive polls (it is {recent[-1].state})"


def _no_checkpoint(_: Baseline | None, recent: Sequence[Observation]) -> str:
    return "" if recent[-1].checkpoints_completed else "it completed no checkpoint"


def _watermark_behind(before: Baseline | None, recent: Sequence[Observation]) -> str:
    now = recent[-1]
    if before is None or before.newer.watermark_ms is None or not _clocks_advanced(before.newer, now):
        return ""
    if now.watermark_ms is not None and now.watermark_ms >= before.newer.watermark_ms:
        return ""
    return "its watermark is behind where it was before the upgrade"


def _watermark_stalled(_: Baseline | None, recent: Sequence[Observation]) -> str:
    first, now = recent[0], recent[-1]
    if not _clocks_advanced(first, now) or now.records_read == first.records_read:
        return ""
    moves = now.watermark_ms is not None and now.watermark_ms > (first.watermark_ms or now.watermark_ms - 1)
    return "" if moves else "its watermark does not advance although trips arrive"


def _lag_grows(before: Baseline | None, recent: Sequence[Observation]) -> str:
    lags = [one.lag_records for one in recent if one.lag_records is not None]
    if before is not None and before.lag_grew:
        return ""
    if len(lags) == POLLS and all(later > earlier for earlier, later in pairwise(lags)):
        return f"its lag grows: {lags[0]:,} to {lags[-1]:,} records"
    return ""


def _clocks_advanced(earlier: Observation, later: Observation) -> bool:
    """Check whether the publishers' clock moved in every partition: only then must a watermark move."""
    clocks = list(zip(earlier.event_clocks_ms, later.event_clocks_ms, strict=False))
    return bool(clocks) and all(after > before for before, after in clocks)


def _because(failure: str) -> str:
    return f" ({failure})" if failure else ""
