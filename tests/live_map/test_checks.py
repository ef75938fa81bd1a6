"""The badge says what is known, and never that something is good which is not known."""

import time
from datetime import datetime

import pytest

from control_plane.jobs import health
from live_map import checks as module
from live_map.checks import Check, Facts, LedgerHours, Metrics, Parity, checks

pytestmark = pytest.mark.unit

SIX = datetime.fromisoformat("2023-12-15T18:00")
SEVEN = datetime.fromisoformat("2023-12-14T07:00")
BALANCED = LedgerHours(0, None, SIX)
EQUAL = Parity("2023-12", 0)
READ = 'taxi_reading_up{{reading="{0}"}} 1\ntaxi_reading_timestamp_seconds{{reading="{0}"}} {1}\n'
JOB = """\
taxi_job_verdict{{job_name="zone_fares",verdict="healthy"}} {healthy}
taxi_job_verdict{{job_name="zone_fares",verdict="degraded"}} {degraded}
taxi_job_watermark_lag_seconds{{job_name="zone_fares"}} {lag}
taxi_served_lag_seconds{{taxi_type="green"}} 1020
"""


def metrics(*, age: float = 0, healthy: int = 1, lag: int = 60) -> Metrics:
    read = "".join(READ.format(reading, time.time() - age) for reading in ("job", "served"))
    return Metrics(read + JOB.format(healthy=healthy, degraded=1 - healthy, lag=lag))


def facts(
    *,
    outage: str = "",
    ledger: LedgerHours | None = BALANCED,
    parity: Parity | None = EQUAL,
    read: Metrics | None = None,
) -> Facts:
    return Facts(outage, ledger, parity, read or metrics())


def states(found: Facts) -> dict[str, str]:
    return {check.name: check.state for check in checks("green", found)}


def check(found: Facts, name: str) -> Check:
    return next(check for check in checks("green", found) if check.name == name)


def test_all_is_good_when_everything_is_known_and_right() -> None:
    assert set(states(facts()).values()) == {"good"}


def test_what_could_not_be_read_is_unknown() -> None:
    found = states(facts(ledger=None, parity=None, read=Metrics()))
    assert {name for name, state in found.items() if state == "good"} == {"Database"}
    assert set(found.values()) == {"good", "unknown"}


def test_the_job_is_the_version_that_is_served() -> None:
    text = READ.format("job", time.time()) + JOB.format(healthy=1, degraded=0, lag=1)
    assert Metrics(text.replace('"zone_fares"', '"zone_fares-2"')).verdict() == "healthy"
    assert Metrics(text.replace('"zone_fares"', '"zone_tips"')).verdict() is None


def test_a_reading_that_is_old_is_not_known_any_more() -> None:
    found = states(facts(read=metrics(age=module.OLDEST_READING_SECONDS + 1)))
    assert (found["Job"], found["Watermark"], found["Freshness"]) == ("unknown", "unknown", "unknown")


def test_a_ledger_that_does_not_add_up_says_where() -> None:
    found = check(facts(ledger=LedgerHours(3, SEVEN, SIX)), "Ledger")
    assert (found.state, found.says) == (
        "bad",
        "3 records are not accounted for, the first in 2023-12-14 07h.",
    )


def test_each_fault_is_said_by_its_own_check() -> None:
    assert states(facts(outage="connection refused"))["Database"] == "bad"
    assert states(facts(parity=Parity("2023-12", 2)))["Parity"] == "bad"
    assert states(facts(read=metrics(healthy=0)))["Job"] == "bad"
    assert states(facts(read=metrics(lag=1000)))["Watermark"] == "bad"


def test_the_watermark_may_lag_as_far_as_the_jobs_own_verdict_allows() -> None:
    assert module.GREATEST_WATERMARK_LAG_SECONDS == health.GREATEST_WATERMARK_LAG_SECONDS
