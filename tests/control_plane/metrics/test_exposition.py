"""The readings as Prometheus gets them."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from control_plane.jobs.health import JobHealth
from control_plane.jobs.status import JobStatus, JobThroughput, Restarts, unreachable
from control_plane.metrics.exposition import PlatformCollector
from control_plane.metrics.reader import Reader
from control_plane.metrics.readings import DiskReading, LedgerReading, ServedReading

pytestmark = pytest.mark.unit

RUNNING = replace(
    unreachable("zone_fares", ""),
    state="RUNNING",
    is_running=True,
    uptime_seconds=7,
    restarts=Restarts(0, None, None),
    flow=JobThroughput(lag_records=5),
    verdict=JobHealth("healthy", ""),
)
DOWN = unreachable("zone_hours", "it was never started")


def exposed(*statuses: JobStatus) -> list[str]:
    """The lines of a scrape that are of jobs."""
    collector = PlatformCollector(
        jobs=Reader("job", lambda: statuses, pause_seconds=1),
        served=Reader("served", lambda: ServedReading({}), pause_seconds=1),
        ledger=Reader("ledger", lambda: LedgerReading((), 0, 0), pause_seconds=1),
        disk=Reader("disk", lambda: DiskReading(1, 1), pause_seconds=1),
    )
    for reader in (collector.jobs, collector.served, collector.ledger, collector.disk):
        reader.attempt()
    registry = CollectorRegistry()
    registry.register(collector)
    return [line for line in generate_latest(registry).decode().splitlines() if "taxi_job_" in line]


def test_every_job_has_its_samples_under_one_head_and_what_is_not_known_has_none() -> None:
    lines = exposed(RUNNING, DOWN)
    assert [line for line in lines if line.startswith("taxi_job_up{")] == [
        'taxi_job_up{job_name="zone_fares"} 1.0',
        'taxi_job_up{job_name="zone_hours"} 0.0',
    ]
    assert [line for line in lines if line.startswith("taxi_job_uptime_seconds{")] == [
        'taxi_job_uptime_seconds{job_name="zone_fares"} 7.0'
    ]
    assert 'taxi_job_lag_records{job_name="zone_fares"} 5.0' in lines
    assert 'taxi_job_verdict{job_name="zone_hours",verdict="down"} 1.0' in lines
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads)) == 11
