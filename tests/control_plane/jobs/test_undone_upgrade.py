"""What fails after the old release was stopped brings it back."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from control_plane.jobs import lifecycle, upgrade
from control_plane.jobs.backend import UpgradeFailedError
from control_plane.jobs.flink_rest import Job
from control_plane.jobs.records import JobRecord, JobRecords, JobRun
from control_plane.sink import table_sets
from control_plane.sink.ddl import TablesInUseError
from schemas.errors import UserError

pytestmark = pytest.mark.unit

SAVEPOINT = Path("/savepoints/savepoint-old")


@dataclass
class Site:
    """A job whose release 1 runs, and a cluster that stops it when it is asked to."""

    records: JobRecords
    name: str = "zone_fares"
    live: Job | None = field(default_factory=lambda: Job("old", "zone_fares", "RUNNING", 0, {}))

    @property
    def releases(self) -> Any:
        return SimpleNamespace(get=release)

    @property
    def flink(self) -> Any:
        return SimpleNamespace(cancel=lambda _: None)

    def live_job(self) -> Job | None:
        return self.live

    def restore_points(self) -> list[Path]:
        return [SAVEPOINT]


def release(number: int) -> Any:
    return SimpleNamespace(number=number, note=lambda _: None)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    found = Site(JobRecords(tmp_path))
    found.records.write("zone_fares", JobRecord((JobRun("old", 1),), topic_id="t", wanted=True))

    def stop(site: Site, _: Job) -> Path:
        site.live = None
        return SAVEPOINT

    monkeypatch.setattr(upgrade, "_live_job_after_stopping", lambda site: site.live)
    monkeypatch.setattr(upgrade, "_baseline", lambda _: None)
    monkeypatch.setattr(upgrade, "_stop", stop)
    return found


FAILURES = [
    UserError("Postgres is away"),
    psycopg.errors.DeadlockDetected("deadlock detected"),
    ConnectionError("no route to host"),
    ValueError("our own fault"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize("step", ["launch", "_verify"])
def test_whatever_fails_after_the_stop_brings_the_old_release_back(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
) -> None:
    launched: list[tuple[int, Path | None]] = []

    def fail() -> None:
        raise failure

    def launch(site: Site, wanted: Any, origin: Path | None) -> None:
        if wanted.number == 2 and step == "launch":
            fail()
        launched.append((wanted.number, origin))
        before = site.records.read(site.name)
        run = JobRun(f"run-{len(launched)}", wanted.number, str(origin or ""))
        site.records.write(site.name, before.started(run, "t"))
        site.live = Job(run.job_id, site.name, "RUNNING", 0, {})

    monkeypatch.setattr(upgrade, "launch", launch)
    if step == "_verify":
        monkeypatch.setattr(upgrade, "_verify", lambda *_: fail())
    with pytest.raises(UpgradeFailedError, match="release 1 runs again, from /savepoints/savepoint-old"):
        upgrade._upgrade(site, release(1), release(2))  # type: ignore[arg-type]
    assert launched[-1] == (1, SAVEPOINT)
    record = site.records.read("zone_fares")
    assert (record.release, record.upgrading_to, record.wanted) == (1, 0, True)


def test_where_the_return_fails_too_both_reasons_are_told_and_the_job_is_still_meant_to_run(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(*_: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(upgrade, "launch", launch)
    with pytest.raises(
        UserError, match=r"no route to host\), and so did the rollback .*job ensure zone_fares"
    ):
        upgrade._upgrade(site, release(1), release(2))  # type: ignore[arg-type]
    assert site.records.read("zone_fares").wanted


def test_tables_in_use_stop_a_release_that_wants_others_and_not_the_one_that_comes_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_up(*_: Any) -> None:
        raise TablesInUseError("pid 7 reads them")

    monkeypatch.setattr(table_sets, "set_up", set_up)
    there = SimpleNamespace(
        name=site.name,
        records=site.records,
        wiring=SimpleNamespace(job="zone_fares", table_set="taxi_1"),
        endpoints=SimpleNamespace(postgres_dsn=""),
    )
    ran = SimpleNamespace(table_set_folder=Path(), outcome="ran")
    with pytest.raises(TablesInUseError):
        lifecycle._set_up_tables(there, SimpleNamespace(**vars(ran), number=2))  # type: ignore[arg-type]
    lifecycle._set_up_tables(there, SimpleNamespace(**vars(ran), number=1))  # type: ignore[arg-type]
