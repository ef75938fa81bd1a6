"""When the accounts can be judged: only what nothing will move any more."""

from dataclasses import replace
from typing import cast

import pytest

from control_plane.accounting import audit
from control_plane.accounting.audit import Audit, Discrepancy, QuiescenceSnapshot
from control_plane.jobs.health import JobHealth
from control_plane.jobs.status import Checkpoint, JobStatus, JobThroughput, Restarts, unreachable
from control_plane.sink.ledger import Ledger, LedgerEntry
from schemas.errors import TransientError
from stack.endpoints import Endpoints
from stack.waiting import Polling
from tests.clock import FakeClock

pytestmark = pytest.mark.unit

JOB = JobStatus(
    name="zone_fares",
    state="RUNNING",
    is_running=True,
    job_id="1",
    uptime_seconds=100,
    restarts=Restarts(0, None, None),
    watermark="2024-01-10 13:00:00",
    records_read=10,
    checkpoint=Checkpoint(number=7, age_seconds=2, duration_seconds=1, size_bytes=1),
    failure="",
    verdict=JobHealth("healthy", ""),
    flow=JobThroughput(lag_records=0),
)
QUIET = QuiescenceSnapshot(at=1_000, publisher="", job=JOB, open_trips=0)
SHORT = Ledger((LedgerEntry("green", 10, 9, 0, 0, 0, 0, 0, imbalance=1),), records_in_kafka=10)
DISCREPANCY = Discrepancy("the source and the exits", "green", 1, "")


def test_nothing_is_on_its_way_when_all_is_read_and_every_window_is_closed() -> None:
    assert QUIET.pending_reason == ""


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (replace(QUIET, publisher="process 7"), "a replay is running (process 7)"),
        (replace(QUIET, job=unreachable("zone_fares", "it died")), "zone_fares is NOT RUNNING: it died"),
        (
            replace(QUIET, job=replace(JOB, flow=JobThroughput(lag_records=1_200))),
            "zone_fares is 1,200 records behind",
        ),
        (
            replace(QUIET, job=replace(JOB, flow=JobThroughput())),
            "it is not known yet how far zone_fares is behind",
        ),
        (
            replace(QUIET, open_trips=3),
            "3 trips are in windows that are still open: the event clock stands at 2024-01-10 13:00:00",
        ),
    ],
)
def test_what_is_still_on_its_way_is_named(snapshot: QuiescenceSnapshot, reason: str) -> None:
    assert snapshot.pending_reason == reason


def test_only_a_checkpoint_that_began_after_all_was_read_proves_that_it_was_written() -> None:
    # the checkpoint began at 1,000 - 2 - 1 = 997
    assert QUIET.proves(replace(QUIET, at=996))
    assert not QUIET.proves(replace(QUIET, at=998))
    assert not replace(QUIET, job=replace(JOB, checkpoint=None)).proves(replace(QUIET, at=0))


def test_an_imbalance_is_a_hole_only_at_a_quiet_point() -> None:
    assert Audit(SHORT, "a replay is running").verdict == "no quiet point"
    assert Audit(SHORT, "", (DISCREPANCY,)).verdict == "imbalance"
    whole = replace(SHORT, entries=(replace(SHORT.entries[0], windowed=10, imbalance=0),))
    assert Audit(whole, "a replay is running").verdict == "balanced"


def test_an_audit_ends_when_postgres_stays_away_although_something_is_on_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()

    def ledger(_: Endpoints, *, exact: bool = True) -> Ledger:
        raise TransientError("Postgres says: connection refused")

    monkeypatch.setattr(audit, "Polling", lambda seconds: Polling(seconds, clock.clock))
    monkeypatch.setattr(audit, "read_ledger", ledger)
    monkeypatch.setattr(audit, "take_snapshot", lambda _: replace(QUIET, publisher="process 7"))
    with pytest.raises(TransientError, match="connection refused"):
        audit.take(cast("Endpoints", None))
    assert 60 <= clock.now() <= 65


def test_accounts_of_a_topic_that_is_no_more_never_add_up_however_well_the_numbers_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 2,004 of 6,004 records were skipped, and as many were read of the topic before.
    entry = replace(SHORT.entries[0], received=6_004, windowed=6_004, imbalance=0)
    equal = Ledger((entry,), records_in_kafka=6_004)
    lost = replace(JOB, lost_source="topic trips was deleted and created again")
    monkeypatch.setattr(audit, "read_ledger", lambda _, **__: equal)
    monkeypatch.setattr(audit, "take_snapshot", lambda _: replace(QUIET, job=lost))
    found = audit.take(cast("Endpoints", None))
    assert (equal.balances, found.verdict) == (True, "imbalance")
    assert [(hole.between, hole.records) for hole in found.holes] == [("Kafka and the source", 6_004)]
    assert "deleted and created again" in found.holes[0].story
    assert "./taxi reset" in found.holes[0].story
