"""When the accounts can be judged: only what nothing will move any more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import cast

import pytest

from control_plane.accounting import audit
from control_plane.accounting.audit import Audit, Discrepancy, QuiescenceSnapshot
from control_plane.jobs.health import JobHealth
from control_plane.jobs.managed.job import ManagedStatus
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
DISCREPANCY = Discrepancy("the source and the sinks", "green", 1, "")


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
            "the lag of zone_fares is not known yet",
        ),
        (
            replace(QUIET, open_trips=3),
            "3 trips are in windows that are still open: the watermark is 2024-01-10 13:00:00",
        ),
        (
            replace(QUIET, open_trips=3, job=replace(JOB, watermark=None)),
            "3 trips are in windows that are still open: no record came since the job restarted",
        ),
    ],
)
def test_what_is_still_on_its_way_is_named(snapshot: QuiescenceSnapshot, reason: str) -> None:
    assert snapshot.pending_reason == reason


def test_only_a_checkpoint_that_began_after_all_was_read_proves_that_it_was_written() -> None:
    # the checkpoint began at 1,000 - 2 - 1 = 997
    assert QUIET.proves(replace(QUIET, at=996))
    assert not QUIET.proves(replace(QUIET, at=997))
    assert not QUIET.proves(replace(QUIET, at=998))
    assert not replace(QUIET, job=replace(JOB, checkpoint=None)).proves(replace(QUIET, at=0))


def test_an_imbalance_is_a_hole_only_at_a_quiet_point() -> None:
    assert Audit(SHORT, "a replay is running").verdict == "no quiet point"
    assert Audit(SHORT, "", (DISCREPANCY,)).verdict == "imbalance"
    assert Audit(WHOLE, "a replay is running").verdict == "balanced"


@dataclass
class Site:
    """The accounts and what moves them, second by second, instead of a stack."""

    ledgers: Callable[[float], Ledger] = lambda _: SHORT
    snapshots: Callable[[float], QuiescenceSnapshot] = lambda at: checkpointed(at, began_at=-5)
    holes: tuple[Discrepancy, ...] = (DISCREPANCY,)

    def audit(self, monkeypatch: pytest.MonkeyPatch, *, wait_seconds: float = 0) -> tuple[Audit, float]:
        """What an audit says, and after how many seconds."""
        clock = FakeClock()
        monkeypatch.setattr(audit, "Polling", lambda seconds: Polling(seconds, clock.clock))
        monkeypatch.setattr(audit, "time", SimpleNamespace(monotonic=clock.now, time=clock.now))
        monkeypatch.setattr(audit, "read_ledger", lambda *_, **__: self.ledgers(clock.now()))
        monkeypatch.setattr(audit, "take_snapshot", lambda _: self.snapshots(clock.now()))
        monkeypatch.setattr(audit, "holes", lambda *_: self.holes)
        return audit.take(cast("Endpoints", None), wait_seconds=wait_seconds), clock.now()


# Amazon's service reports neither lag nor checkpoints.
MANAGED = ManagedStatus(**{**vars(JOB), "flow": JobThroughput(), "checkpoint": None})


def test_where_the_lag_is_not_reported_missing_records_are_never_called_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(snapshots=lambda at: replace(QUIET, at=at, job=MANAGED))
    found, seconds = site.audit(monkeypatch, wait_seconds=30)
    assert (found.verdict, seconds >= 30) == ("no quiet point", True)
    assert found.pending_reason == "the lag of zone_fares is not reported by the service that runs it"


def test_where_the_lag_is_not_reported_an_audit_ends_as_soon_as_the_accounts_balance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(
        ledgers=lambda at: WHOLE if at >= 10 else SHORT,
        snapshots=lambda at: replace(QUIET, at=at, job=MANAGED),
    )
    found, seconds = site.audit(monkeypatch, wait_seconds=300)
    assert (found.verdict, 10 <= seconds < 20) == ("balanced", True)


WHOLE = replace(SHORT, entries=(replace(SHORT.entries[0], windowed=10, imbalance=0),))


def short_by(records: int) -> Ledger:
    return replace(SHORT, entries=(replace(SHORT.entries[0], imbalance=records),))


def checkpointed(at: float, *, began_at: float) -> QuiescenceSnapshot:
    """Quiet, with a checkpoint that was taken in a second from `began_at` on."""
    taken = Checkpoint(number=8, age_seconds=at - began_at - 1, duration_seconds=1, size_bytes=1)
    return replace(QUIET, at=at, job=replace(JOB, checkpoint=taken))


def test_accounts_that_balance_are_certain_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found, seconds = Site(ledgers=lambda _: WHOLE).audit(monkeypatch)
    assert (found.verdict, found.holes, seconds) == ("balanced", (), 0)


def test_an_imbalance_is_confirmed_by_a_checkpoint_that_began_after_it_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # seen at 0 s │ checkpoints that began before that prove nothing │ one begins at 20 s and ends at 21 s
    def snapshot(at: float) -> QuiescenceSnapshot:
        return checkpointed(at, began_at=20 if at >= 21 else -5)

    found, seconds = Site(snapshots=snapshot).audit(monkeypatch)
    assert (found.verdict, found.holes, found.ledger) == ("imbalance", (DISCREPANCY,), SHORT)
    assert 21 <= seconds < 22


def test_accounts_that_still_change_are_looked_at_until_they_have_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # another imbalance each second until 10 s │ one of 5 s proves nothing of the last, one of 30 s does
    def snapshot(at: float) -> QuiescenceSnapshot:
        return checkpointed(at, began_at=30 if at >= 31 else 5 if at >= 6 else -5)

    site = Site(ledgers=lambda at: short_by(12 - int(at)) if at < 10 else SHORT, snapshots=snapshot)
    found, seconds = site.audit(monkeypatch)
    assert (found.verdict, found.ledger) == ("imbalance", SHORT)
    assert 31 <= seconds < 32


def test_an_imbalance_that_goes_away_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found, seconds = Site(ledgers=lambda at: SHORT if at < 5 else WHOLE).audit(monkeypatch)
    assert (found.verdict, found.holes) == ("balanced", ())
    assert 5 <= seconds < 6


def test_an_imbalance_that_no_checkpoint_confirms_is_said_to_be_unconfirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, seconds = Site().audit(monkeypatch)
    assert (found.verdict, found.pending_reason) == ("no quiet point", audit.UNCONFIRMED)
    assert 60 <= seconds <= 65


def test_what_is_on_its_way_is_waited_for_as_long_as_the_caller_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def replaying(at: float) -> QuiescenceSnapshot:
        return replace(QUIET, at=at, publisher="process 7" if at < 200 else "")

    running = "a replay is running (process 7)"
    at_once, seconds = Site(snapshots=replaying).audit(monkeypatch)
    assert (at_once.verdict, at_once.pending_reason, seconds) == ("no quiet point", running, 0)
    given_up, seconds = Site(snapshots=replaying).audit(monkeypatch, wait_seconds=100)
    assert (given_up.verdict, given_up.pending_reason) == ("no quiet point", running)
    assert 100 <= seconds < 101
    balanced = Site(ledgers=lambda _: WHOLE, snapshots=replaying)
    found, seconds = balanced.audit(monkeypatch, wait_seconds=300)
    assert (found.verdict, 200 <= seconds < 201) == ("balanced", True)


def hour(clock: str, imbalance: int, taxi_type: str = "green", windowed: int = 8) -> LedgerEntry:
    """An hour of the ledger that is short of so many records, one of its trips being late."""
    at = datetime.fromisoformat(f"2024-01-10 {clock}")
    return LedgerEntry(taxi_type, 10, windowed, 0, 1, 0, 0, 0, imbalance=imbalance, event_hour=at)


def found_holes(
    monkeypatch: pytest.MonkeyPatch, ledger: Ledger, *hours: LedgerEntry, trips: int = 9
) -> list[Discrepancy]:
    """Where records are lost when these hours do not balance and each has so many trips."""
    answer = SimpleNamespace(query=lambda *_: SimpleNamespace(rows=[(trips,)]))
    monkeypatch.setattr(audit, "read_hours", lambda _: hours)
    monkeypatch.setattr(audit, "database", answer)
    return list(audit.holes(cast("Endpoints", SimpleNamespace(postgres_dsn="")), ledger))


@pytest.mark.parametrize(
    ("in_kafka", "story"),
    [
        (1_012, "the job has not counted 1,002 records of Kafka"),
        (11, "the job has not counted 1 records of Kafka"),
        (7, "the job has counted 3 records more than Kafka holds"),
    ],
)
def test_records_that_were_not_read_or_read_too_often_are_counted(
    in_kafka: int, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hole,) = found_holes(monkeypatch, replace(WHOLE, records_in_kafka=in_kafka))
    assert hole == Discrepancy("Kafka and the source", "", in_kafka - 10, story)
    assert found_holes(monkeypatch, WHOLE) == []


def test_hours_that_do_not_balance_are_named_the_worst_first(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = (hour("09:00", 1), hour("10:00", -1_500), hour("11:00", 20), hour("12:00", 3), hour("13:00", -2))
    others = (hour("09:00", 1, "yellow", windowed=5), hour("09:00", 2, "unknown"))
    # One type that balances does not hide another that does not.
    ledger = replace(SHORT, entries=(replace(SHORT.entries[0], imbalance=0), *SHORT.entries))
    ledger = replace(ledger, records_in_kafka=ledger.records_read)
    green, yellow, unknown = found_holes(monkeypatch, ledger, *hours, *others)
    assert (green.between, green.taxi_type, green.records) == ("the source and the sinks", "green", 1_526)
    assert green.story == (
        "2024-01-10 10:00 1,500 stored but not read (taxi.trips agrees with the windows);"
        " 2024-01-10 11:00 20 read but not stored (taxi.trips agrees with the windows);"
        " 2024-01-10 12:00 3 read but not stored (taxi.trips agrees with the windows);"
        " and 2 more hours"
    )
    assert (yellow.taxi_type, yellow.records) == ("yellow", 1)
    assert yellow.story == "2024-01-10 09:00 1 read but not stored (taxi.trips has 9, the windows have 6)"
    assert unknown.story == "2024-01-10 09:00 2 read but not stored"


def test_an_audit_ends_when_postgres_stays_away_although_something_is_on_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()

    def ledger(*_: object, **__: object) -> Ledger:
        raise TransientError("Postgres reports: connection refused")

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
