"""The readings as Prometheus metrics; an unknown value has no sample."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from control_plane.jobs.health import HealthState
from control_plane.jobs.status import JobStatus
from control_plane.metrics.reader import Reader
from control_plane.metrics.readings import DiskReading, LedgerReading, ServedReading

T = TypeVar("T")
Families = Iterator[GaugeMetricFamily]
JobValues = dict[tuple[str, ...], float | None]


@dataclass(frozen=True)
class PlatformCollector(Collector):
    """A collector that exports the newest readings."""

    jobs: Reader[tuple[JobStatus, ...]]
    served: Reader[ServedReading]
    ledger: Reader[LedgerReading]
    disk: Reader[DiskReading]

    def collect(self) -> Families:
        """Yield every metric that is known now."""
        yield from reading_families([self.jobs, self.served, self.ledger, self.disk])
        yield from _of(self.jobs, job_families)
        yield from _of(self.served, served_families)
        yield from _of(self.ledger, ledger_families)
        yield from _of(self.disk, disk_families)


def reading_families(readers: Sequence[Reader[Any]]) -> Families:
    """Export whether, when and how quickly each kind of reading succeeded."""
    label = "reading"
    yield _family(
        "taxi_reading_up",
        "1 if the last reading succeeded.",
        (label,),
        {(reader.name,): reader.is_up for reader in readers},
    )
    yield _family(
        "taxi_reading_timestamp_seconds",
        "Time of the last successful reading.",
        (label,),
        {(reader.name,): reader.read_at for reader in readers},
    )
    yield _family(
        "taxi_reading_seconds",
        "Duration of the last reading.",
        (label,),
        {(reader.name,): reader.took_seconds for reader in readers},
    )


def _once_up(figure: Callable[[JobStatus], float]) -> Callable[[JobStatus], float | None]:
    """Hide a figure of a job that never ran here."""
    return lambda status: figure(status) if status.uptime_seconds > 0 else None


def _last_checkpoint_at(status: JobStatus) -> float | None:
    return time.time() - status.checkpoint.age_seconds if status.checkpoint else None


JOB_FIGURES: Sequence[tuple[str, str, Callable[[JobStatus], float | None]]] = (
    ("up", "1 if all tasks of the job run.", lambda status: status.is_running),
    ("uptime_seconds", "Time since the job was started.", _once_up(lambda status: status.uptime_seconds)),
    ("restarts", "Number of automatic restarts.", _once_up(lambda status: status.restarts.count)),
    (
        "last_restart_timestamp_seconds",
        "Time of the last automatic restart; 0 without one.",
        _once_up(lambda status: status.restarts.last_at or 0),
    ),
    ("last_checkpoint_timestamp_seconds", "Completion time of the newest checkpoint.", _last_checkpoint_at),
    (
        "lag_records",
        "Records of the topic that the job has not read.",
        lambda status: status.flow.lag_records,
    ),
    (
        "read_records_per_second",
        "Records that the job reads per second.",
        _once_up(lambda status: status.flow.read_per_second),
    ),
    (
        "back_pressure_ratio",
        "Share of time for which the most back-pressured task could not emit.",
        _once_up(lambda status: status.flow.back_pressure),
    ),
    (
        "watermark_lag_seconds",
        "Event time that the watermark is behind the publishers' clock.",
        lambda status: status.watermark_lag_seconds,
    ),
    (
        "watermark_held",
        "1 if all is read but no window closes: a partition or a subtask holds back the watermark.",
        _once_up(lambda status: bool(status.held_watermark)),
    ),
)


def job_families(statuses: Sequence[JobStatus]) -> Families:
    """Export what `./taxi job status` shows of each job."""
    yield _health_family(statuses)
    for name, text, value in JOB_FIGURES:
        values: JobValues = {(status.name,): value(status) for status in statuses}
        yield _family(f"taxi_job_{name}", text, ("job_name",), values)


def served_families(reading: ServedReading) -> Families:
    """Export how fresh the served rows are."""
    text = "Event time that the end of the newest served window is behind the publishers' clock."
    yield _family(
        "taxi_served_lag_seconds",
        text,
        ("taxi_type",),
        {(kind,): seconds for kind, seconds in reading.lag_seconds.items()},
    )


def ledger_families(reading: LedgerReading) -> Families:
    """Export the accounts of `taxi.trip_ledger`."""
    yield _family(
        "taxi_ledger_records",
        "Records by account.",
        ("taxi_type", "account"),
        {
            (account.taxi_type, entry): records
            for account in reading.accounts
            for entry, records in account.entries.items()
        },
    )
    yield _family(
        "taxi_ledger_imbalance_records",
        "Records not accounted for, including those in flight.",
        ("taxi_type",),
        {(account.taxi_type,): account.imbalance for account in reading.accounts},
    )
    text = "Records not accounted for in hours whose windows are all closed."
    yield _family(
        "taxi_ledger_settled_imbalance_records",
        text,
        ("taxi_type",),
        {(account.taxi_type,): account.settled_imbalance for account in reading.accounts},
    )
    yield _family("taxi_topic_records", "Records in the trips topic.", (), {(): reading.topic_records})
    waiting: dict[tuple[str, ...], float | None] = {(): reading.dead_letters_waiting}
    yield _family("taxi_dead_letters_waiting", "Dead letters that were not re-driven.", (), waiting)


def disk_families(reading: DiskReading) -> Families:
    """Export the usage of the disk that holds the stack."""
    yield _family("taxi_disk_size_bytes", "Size of the disk.", (), {(): reading.size_bytes})
    yield _family("taxi_disk_free_bytes", "Free space on the disk.", (), {(): reading.free_bytes})


def _health_family(statuses: Sequence[JobStatus]) -> GaugeMetricFamily:
    return _family(
        "taxi_job_verdict",
        "1 for the current verdict.",
        ("job_name", "verdict"),
        {
            (status.name, verdict): verdict == status.verdict.name
            for status in statuses
            for verdict in get_args(HealthState)
        },
    )


def _of(reader: Reader[T], families: Callable[[T], Families]) -> Families:
    latest = reader.latest
    if latest is not None:
        yield from families(latest)


def _family(
    name: str, text: str, labels: Sequence[str], values: dict[tuple[str, ...], float | None]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        if value is not None:
            family.add_metric(key, float(value))
    return family
