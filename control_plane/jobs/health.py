"""The health of a job, from its metrics."""

from dataclasses import dataclass
from typing import Literal

from control_plane.jobs.flink_rest import ENDED_STATES
from control_plane.topics import START_OVER

NOT_RUNNING = "NOT RUNNING"
"""The state of a job that the cluster does not know."""

DOWN_STATES = ENDED_STATES | {NOT_RUNNING}

RECENT_RESTART_SECONDS = 120
OLDEST_CHECKPOINT_SECONDS = 60  # one is started every 5 s
LONGEST_CATCH_UP_SECONDS = 300
HIGH_BACK_PRESSURE = 0.5
GREATEST_WATERMARK_LAG_SECONDS = 15 * 60  # of event time, with no record left to read


@dataclass(frozen=True)
class HealthInputs:
    """The inputs of the verdict; ages and lags in seconds, None where unknown."""

    state: str
    all_tasks_run: bool
    uptime_seconds: float
    last_restart_age_seconds: float | None
    last_failure: str
    checkpoint_age_seconds: float | None
    lag_records: int | None
    read_per_second: float
    back_pressure: float
    watermark_lag_seconds: float | None
    records_read: int = 0
    lacks_watermark: bool = False
    """The windows have no watermark, although the job should have one."""
    watermark_holder: str = ""
    """The partitions or subtasks that hold back the watermark."""
    lost_source: str = ""
    """What happened to the topic that the job has read, where it has been replaced."""
    unfit_source: str = ""
    """A topic setting that loses, refuses or delays records."""


HealthState = Literal["healthy", "degraded", "down"]


@dataclass(frozen=True)
class JobHealth:
    """`healthy`, `degraded` or `down`, and the reason in one sentence."""

    name: HealthState
    reason: str


def verdict(facts: HealthInputs) -> JobHealth:
    """Return the first verdict that applies, the worst first."""
    if facts.lost_source:
        return lost_source(facts.lost_source)
    if facts.state in DOWN_STATES:
        return JobHealth("down", f"the job is {facts.state}{_because(facts.last_failure)}")
    if not facts.all_tasks_run:
        return JobHealth(
            "degraded", f"not all tasks run: the job is {facts.state}{_because(facts.last_failure)}"
        )
    for reason in (
        _restarted(facts),
        _checkpoint_overdue(facts),
        facts.unfit_source,
        _behind(facts),
        held_watermark(facts),
    ):
        if reason:
            return JobHealth("degraded", reason)
    return JobHealth("healthy", f"all tasks run, checkpoints complete, {_lag_note(facts)}")


def lost_source(reason: str) -> JobHealth:
    """Return the verdict on a job whose topic is gone or replaced, regardless of its state."""
    return JobHealth("down", f"{reason}; {START_OVER}")


def _lag_note(facts: HealthInputs) -> str:
    if facts.lag_records is None:
        return "the lag is not known yet"
    if facts.lag_records:
        return f"it is catching up with {facts.lag_records:,} records"
    return "every record is read"


def _restarted(facts: HealthInputs) -> str:
    age = facts.last_restart_age_seconds
    if age is None or age > RECENT_RESTART_SECONDS:
        return ""
    return f"it restarted {age:.0f} s ago{_because(facts.last_failure)}"


def _checkpoint_overdue(facts: HealthInputs) -> str:
    age = facts.checkpoint_age_seconds
    if age is None:
        return "no checkpoint has completed yet" if facts.uptime_seconds > OLDEST_CHECKPOINT_SECONDS else ""
    late = age > OLDEST_CHECKPOINT_SECONDS and facts.uptime_seconds > OLDEST_CHECKPOINT_SECONDS
    return f"the last checkpoint completed {age:.0f} s ago" if late else ""


def _behind(facts: HealthInputs) -> str:
    if not facts.lag_records or facts.uptime_seconds < OLDEST_CHECKPOINT_SECONDS:
        return ""
    if not facts.read_per_second:
        return (
            f"it reads nothing, although its lag is {facts.lag_records:,} records{_backpressure_note(facts)}"
        )
    seconds = facts.lag_records / facts.read_per_second
    if seconds < LONGEST_CATCH_UP_SECONDS:
        return ""
    return (
        f"its lag is {facts.lag_records:,} records at {facts.read_per_second:,.0f} records/s:"
        f" {seconds:,.0f} s to catch up{_backpressure_note(facts)}"
    )


def held_watermark(facts: HealthInputs) -> str:
    """Explain why no window closes although all is read; empty if windows close, or before the first
    record."""
    if facts.lag_records:
        return ""
    waits = f": it is held by {facts.watermark_holder}" if facts.watermark_holder else ""
    lag = facts.watermark_lag_seconds
    if lag is not None and lag > GREATEST_WATERMARK_LAG_SECONDS:
        return (
            f"every record is read, but the watermark is {lag:,.0f} s of event time behind the topic{waits}"
        )
    is_due = facts.lag_records is not None and facts.uptime_seconds > OLDEST_CHECKPOINT_SECONDS
    if facts.lacks_watermark and facts.records_read and is_due:
        return f"all {facts.records_read:,} records are read, but there is no watermark{waits}"
    return ""


def _backpressure_note(facts: HealthInputs) -> str:
    if facts.back_pressure < HIGH_BACK_PRESSURE:
        return ""
    return f", back-pressured {facts.back_pressure:.0%} of the time"


def _because(failure: str) -> str:
    return f" ({failure})" if failure else ""
