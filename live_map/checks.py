"""Checks of whether the map's data can be trusted; the result of a check may be "unknown"."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from prometheus_client.parser import text_string_to_metric_families

from schemas.jobs import DEFAULT_JOB

GREATEST_WATERMARK_LAG_SECONDS = 15 * 60
GREATEST_SERVED_LAG_SECONDS = 30 * 60
OLDEST_READING_SECONDS = 120

State = Literal["good", "bad", "unknown"]


@dataclass(frozen=True)
class Check:
    """One result; the command explains it."""

    name: str
    state: State
    says: str
    command: str

    def as_json(self) -> dict[str, str]:
        """Return the result for the page."""
        return asdict(self)


@dataclass(frozen=True)
class LedgerHours:
    """The settled hours of a taxi type; `first_hour` is the first with a mismatch."""

    imbalance: int
    first_hour: datetime | None
    last_hour: datetime


@dataclass(frozen=True)
class Parity:
    """The newest comparison of a month."""

    month: str
    unexplained: int


@dataclass(frozen=True)
class Facts:
    """The facts that were read for one taxi type; None where reading failed."""

    outage: str
    ledger: LedgerHours | None
    parity: Parity | None
    metrics: "Metrics"


class Metrics:
    """The metrics of the platform's exporter, as long as they are fresh."""

    def __init__(self, text: str = "") -> None:
        self._values = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, reading: str, **labels: str) -> float | None:
        """Return a metric of a reading that is current; None for any other."""
        read_at = self._value("taxi_reading_timestamp_seconds", {"reading": reading})
        is_up = self._value("taxi_reading_up", {"reading": reading})
        if not is_up or read_at is None or time.time() - read_at > OLDEST_READING_SECONDS:
            return None
        return self._value(name, labels)

    def of_job(self, name: str, **labels: str) -> float | None:
        """Return a metric of the job that fills the served tables, regardless of its version."""
        jobs = (dict(known).get("job_name", "") for metric, known in self._values if metric == name)
        served = next((job for job in jobs if job.partition("-")[0] == DEFAULT_JOB), DEFAULT_JOB)
        return self.value(name, "job", job_name=served, **labels)

    def verdict(self) -> str | None:
        """Return the verdict on the job as `./taxi job status` reports it."""
        states = ("healthy", "degraded", "down")
        return next((one for one in states if self.of_job("taxi_job_verdict", verdict=one) == 1), None)

    def _value(self, name: str, labels: Mapping[str, str]) -> float | None:
        return self._values.get((name, tuple(sorted(labels.items()))))


def checks(taxi_type: str, facts: Facts) -> Sequence[Check]:
    """Return all checks, in the order in which a reader asks."""
    return (
        _database(facts),
        _ledger(taxi_type, facts),
        _freshness(taxi_type, facts),
        _watermark(facts),
        _job(facts),
        _parity(taxi_type, facts),
    )


def _database(facts: Facts) -> Check:
    if facts.outage:
        return Check("Database", "bad", f"Postgres does not answer: {facts.outage}", "./taxi status")
    return Check("Database", "good", "Postgres answers.", "./taxi status")


def _ledger(taxi_type: str, facts: Facts) -> Check:
    name, command = "Ledger", "./taxi audit"
    ledger = facts.ledger
    if ledger is None:
        return Check(
            name,
            "unknown",
            f"No hour of {taxi_type} is complete yet, or the ledger is not readable.",
            command,
        )
    until = f"up to {ledger.last_hour:%Y-%m-%d %H}h"
    if ledger.imbalance:
        where = f"the first in {ledger.first_hour:%Y-%m-%d %H}h" if ledger.first_hour else until
        return Check(name, "bad", f"{ledger.imbalance:,} records are not accounted for, {where}.", command)
    return Check(name, "good", f"Every record is accounted for, {until}.", command)


def _freshness(taxi_type: str, facts: Facts) -> Check:
    lag = facts.metrics.value("taxi_served_lag_seconds", "served", taxi_type=taxi_type)
    says = "unknown" if lag is None else f"{_minutes(lag)} behind the publishers' clock"
    return _bounded(
        "Freshness", lag, GREATEST_SERVED_LAG_SECONDS, f"The newest window is {says}.", "./taxi job status"
    )


def _watermark(facts: Facts) -> Check:
    lag = facts.metrics.of_job("taxi_job_watermark_lag_seconds")
    says = "" if lag is None else f"{_minutes(lag)} behind the publishers' clock"
    return _bounded(
        "Watermark", lag, GREATEST_WATERMARK_LAG_SECONDS, f"The watermark is {says}.", "./taxi job status"
    )


def _bounded(name: str, lag: float | None, bound: float, says: str, command: str) -> Check:
    if lag is None:
        return Check(name, "unknown", "The metrics exporter does not report it.", command)
    return Check(name, "good" if lag <= bound else "bad", says, command)


def _job(facts: Facts) -> Check:
    verdict = facts.metrics.verdict()
    if verdict is None:
        return Check("Job", "unknown", "The metrics exporter does not report it.", "./taxi job status")
    state: State = "good" if verdict == "healthy" else "bad"
    return Check("Job", state, f"The job is {verdict}.", "./taxi job status")


def _parity(taxi_type: str, facts: Facts) -> Check:
    parity, command = facts.parity, f"./taxi parity --taxi-type {taxi_type} --month "
    if parity is None:
        return Check(
            "Parity", "unknown", "No month has been compared with the batch yet.", f"{command}2024-01"
        )
    command += parity.month
    if parity.unexplained:
        says = f"{parity.unexplained:,} windows of {parity.month} differ from the batch without explanation."
        return Check("Parity", "bad", says, command)
    return Check("Parity", "good", f"Every window of {parity.month} equals the batch.", command)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min of event time"
