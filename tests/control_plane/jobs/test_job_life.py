"""The life of the job as an operator leads it: deployed, upgraded, rolled back, lost and found."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from control_plane.jobs import flink_rest
from control_plane.jobs import lifecycle as job
from control_plane.jobs.flink_rest import ENDED_STATES, FlinkRest
from control_plane.jobs.lifecycle import JobSite, take_savepoint
from control_plane.jobs.records import JobRecords
from control_plane.jobs.upgrade import ensure, resume, rollback, upgrade
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB as JOB
from stack.services.flink import JOBMANAGER, TASKMANAGER
from stack.services.keeper import NAME as KEEPER
from stack.services.keeper import keeper_status
from stack.settings import ROOT
from stack.supervision.supervisor import Supervisor
from taxi_cli.commands.job.deploy import deploy
from taxi_cli.commands.job.life import RESTARTED
from tests.drills.faults import processes
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import first_days
from tests.platform import Platform, assert_all_on_time
from tests.records import IDENTITY, at, millis, publish, schema_id, trip_record
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

MONTH = "green_tripdata_2023-12.parquet"
SPEEDUP = 6_000
"""The first days of the month take half a minute."""
RECOVERY_SECONDS = 240
FLUSH = ("flink_jobs/runtime/settings.py", '"sink.buffer-flush.interval": "1s"')


def tree(folder: Path, file: str, old: str, new: str) -> Path:
    """Another release: a copy of this tree in which one text is another."""
    for name in ("flink_jobs", "schemas"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    return folder


def slower_flush(folder: Path) -> Path:
    """A release that does the same, a little later."""
    return tree(folder / "slower_flush", *FLUSH, '"sink.buffer-flush.interval": "1500ms"')


def kept(platform: Platform, release: Path) -> Path:
    """The tree, kept and planned already: an upgrade to it then begins at once, in mid-replay."""
    JobSite.of(platform.endpoints, JOB).releases.of_tree(release)
    return release


@contextmanager
def replaying(platform: Platform, speedup: int = SPEEDUP) -> Iterator[None]:
    """Days that are being replayed; at the end of the block its last trip is in Kafka."""
    command = platform.replay_command(first_days(MONTH), "--speedup", str(speedup))
    with subprocess.Popen(command, env=platform.environment, stderr=subprocess.DEVNULL) as replay:
        try:
            wait_for(lambda: platform.status().records_read > 100, what="the first trips")
            yield
            assert replay.wait(300) == 0
        finally:
            replay.kill()


def taxi(platform: Platform, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command as an operator types it."""
    command = [str(ROOT / "taxi"), "job", *map(str, arguments)]
    return subprocess.run(command, env=home(platform), capture_output=True, text=True, check=False)


def home(platform: Platform) -> dict[str, str]:
    return {**os.environ, "TAXI_HOME": str(platform.endpoints.home)}


@contextmanager
def without_keeper(platform: Platform) -> Iterator[None]:
    """Nobody brings a lost job back."""
    supervisor = Supervisor(platform.endpoints.home)
    supervisor.stop_service(KEEPER)
    try:
        yield
    finally:
        supervisor.start_service(KEEPER)


def live_jobs(platform: Platform) -> list[str]:
    flink = FlinkRest(platform.endpoints.flink_rest_url)
    return [found.job_id for found in flink.jobs(JOB) if found.state not in ENDED_STATES]


def running_release(platform: Platform) -> int:
    return JobRecords(platform.endpoints.home).read(JOB).release


def assert_all_counted(platform: Platform) -> None:
    assert_all_on_time(platform, Oracle([first_days(MONTH)], "green", "2023-12"))


@pytest.mark.long("plans a release and moves the job twice; the drill upgrade-and-rescale is alike")
def test_an_upgrade_and_a_rollback_under_a_replay_change_no_row(platform: Platform, tmp_path: Path) -> None:
    first, second = running_release(platform), kept(platform, slower_flush(tmp_path))
    with replaying(
        platform,
    ):
        upgraded = upgrade(platform.endpoints, JOB, second)
        assert upgraded is not None
        assert (upgraded.previous_release, upgraded.release) == (first, running_release(platform))
        assert Path(upgraded.savepoint, "_metadata").exists()
        back = rollback(platform.endpoints, JOB)
        assert (back.release, back.savepoint) == (first, upgraded.savepoint)
    assert_all_counted(platform)
    windows = Oracle([first_days(MONTH)], "green", "2023-12").zone_fares_15m()
    assert_same_rows(windows, platform.table("zone_fares_15m", windows, tmp_path))


@pytest.mark.long("plans a release and waits until its verification fails")
def test_a_release_whose_rows_are_refused_is_rolled_back_by_itself(
    platform: Platform, tmp_path: Path
) -> None:
    cost = "    counted('on_time', total_amount_cents),\n"
    bad = kept(
        platform,
        tree(tmp_path / "bad", "flink_jobs/zone_fares/inserts.sql", cost, "    cast(null as bigint),\n"),
    )
    first, taskmanager = running_release(platform), processes(platform, TASKMANAGER)
    with replaying(
        platform,
    ):
        done = taxi(platform, "upgrade", JOB, "--source", bad)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 1
        assert last.startswith("error: the upgrade of zone_fares to release ")
        assert f"; release {first} runs again, from" in last
        assert (platform.status().is_running, running_release(platform)) == (True, first)
    assert_all_counted(platform)
    rows = json.loads(taxi(platform, "releases", "--json").stdout)
    assert rows[-1]["state"] == "failed: Postgres refuses its rows for all_trips"
    assert platform.query("select count(*) from taxi.dead_letters") == [(0,)]  # stored after all
    assert [row["release"] for row in rows if row["is_current"]] == [first]
    assert processes(platform, TASKMANAGER) == taskmanager


@pytest.mark.long("plans a release; test_state_compatibility is the unit test")
def test_a_release_that_would_misread_the_state_is_refused_before_the_job_is_touched(
    platform: Platform, tmp_path: Path
) -> None:
    wider = tree(
        tmp_path / "wider", "schemas/windows.py", "size=timedelta(minutes=15)", "size=timedelta(minutes=30)"
    )
    untouched = platform.status().job_id
    with pytest.raises(
        UserError,
        match=r"sum_windows cuts time into HOP size=\[30 min\].*; run ./taxi job deploy zone_fares --side",
    ):
        upgrade(platform.endpoints, JOB, wider)
    found = platform.status()
    assert (found.job_id, found.is_running, found.restarts.count) == (untouched, True, 0)


@pytest.mark.long("plans a release")
def test_a_release_that_writes_to_no_table_is_refused_before_the_job_is_touched(
    platform: Platform, tmp_path: Path
) -> None:
    sinks, table = "flink_jobs/zone_fares/sinks.sql", "'table-name' = '${table_set}.all_trips'"
    bad = tree(tmp_path / "bad", sinks, table, "'table-name' = '${table_set}.every_trip'")
    untouched = platform.status().job_id
    with pytest.raises(
        UserError, match=r"writes to every_trip, which no file .* creates; nothing was changed"
    ):
        upgrade(platform.endpoints, JOB, bad)
    assert platform.status().job_id == untouched
    assert platform.query("select nspname from pg_namespace where nspname like 'taxi_trial%'") == []


def test_a_release_that_cannot_be_planned_is_refused_before_the_job_is_touched(
    platform: Platform, tmp_path: Path
) -> None:
    wrong = tree(
        tmp_path / "wrong", "flink_jobs/zone_fares/inserts.sql", "from zone_fares", "from no_such_view"
    )
    untouched = platform.status().job_id
    with pytest.raises(UserError, match=r"zone_fares cannot be planned: .*no_such_view"):
        upgrade(platform.endpoints, JOB, wrong)
    assert (platform.status().job_id, platform.status().is_running) == (untouched, True)


@pytest.mark.long("a command is killed between two of its steps and settled by the next")
def test_an_upgrade_killed_between_savepoint_and_start_is_settled_by_ensure(
    platform: Platform, tmp_path: Path
) -> None:
    second = kept(platform, slower_flush(tmp_path))
    command = [str(ROOT / "taxi"), "job", "upgrade", JOB, "--source", str(second)]
    with (
        without_keeper(platform),
        replaying(
            platform,
        ),
    ):
        with subprocess.Popen(command, env=home(platform), stderr=subprocess.PIPE, text=True) as killed:
            savepoint = next(
                line.rpartition(" ")[2].strip() for line in killed.stderr or () if "its savepoint is" in line
            )
            killed.kill()
        assert live_jobs(platform) == []
        assert ensure(platform.endpoints, JOB) in {"started", "verified"}
        assert len(live_jobs(platform)) == 1
        assert ensure(platform.endpoints, JOB) == "none"
        assert Path(savepoint, "_metadata").exists()
    assert_all_counted(platform)


@pytest.mark.long("restores twice; the drill newest-checkpoint-corrupt is alike")
def test_a_job_that_was_cancelled_is_brought_back_from_the_newest_state_that_can_be_read(
    platform: Platform,
) -> None:
    savepoint = take_savepoint(platform.endpoints, JOB)
    wait_for(lambda: platform.status().checkpoints_completed > 2, what="checkpoints")
    with without_keeper(platform):
        points = lose_the_job(platform)
        (points[0] / "_metadata").write_bytes(b"damaged")
        assert taxi(platform, "ensure", JOB).returncode == RESTARTED
    assert platform.status().is_running
    assert taxi(platform, "ensure", JOB).returncode == 0
    assert JobRecords(platform.endpoints.home).read(JOB).runs[-1].origin == str(points[1])
    assert savepoint in points


@pytest.mark.long("waits for a savepoint that cannot end")
def test_a_savepoint_that_is_held_back_names_the_task_that_holds_it_back(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flink_rest, "STALLED_SAVEPOINT_SECONDS", 5)
    record = trip_record(schema_id(platform), IDENTITY, at("10:55:30"), zone=74, cents=1000)
    with psycopg.connect(platform.endpoints.postgres_dsn) as other:
        other.execute("lock table taxi.trips in access exclusive mode")
        publish(platform, [record], timestamp_ms=millis(at("10:56")))
        wait_for(lambda: platform.status().records_read, what="the record to be read")
        with pytest.raises(UserError, match=r"without progress .*: not written by .*trips.* of \d subtasks"):
            take_savepoint(platform.endpoints, JOB)
    assert take_savepoint(platform.endpoints, JOB).exists()


def lose_the_job(platform: Platform) -> list[Path]:
    """The job is gone although nobody stopped it by our commands; what it could go on from, newest first."""
    FlinkRest(platform.endpoints.flink_rest_url).cancel(platform.status().job_id)
    records = JobRecords(platform.endpoints.home)
    return records.restore_points(JOB, records.read(JOB).topic_id)


def test_a_job_stopped_behind_the_topic_goes_on_from_its_savepoint(platform: Platform) -> None:
    assert platform.replay(first_days(MONTH), "--speedup", "max").returncode == 0
    job.end(platform.endpoints, JOB)
    job.start(platform.endpoints, JOB)
    assert platform.status().restarts.restored_checkpoint is not None
    assert_all_counted(platform)


def test_deploying_a_running_job_leaves_it_alone(platform: Platform) -> None:
    running = platform.status().job_id
    assert job.start(platform.endpoints, JOB).job_id == running
    with pytest.raises(UserError, match="runs already"):
        job.start(platform.endpoints, JOB, fresh=True)


@pytest.mark.long("a JobManager that forgot its job is found by the keeper")
def test_a_job_that_the_cluster_forgot_is_back_by_itself_but_one_stopped_on_purpose_is_not(
    platform: Platform,
) -> None:
    wait_for(lambda: platform.status().checkpoint, what="a checkpoint")
    with replaying(
        platform,
    ):
        forgotten = platform.status().job_id
        platform.service(JOBMANAGER).process.kill()
        wait_for(
            lambda: runs_otherwise_than(platform, forgotten), stalled_seconds=RECOVERY_SECONDS, what="the job"
        )
        assert platform.status().restarts.restored_checkpoint is not None
    assert_all_counted(platform)
    job.end(platform.endpoints, JOB)
    resume(platform.endpoints)
    await_keeper(platform, "no job is meant to run")
    assert not platform.status().is_running
    refused = taxi(platform, "ensure", JOB)
    assert (refused.returncode, "is not meant to run" in refused.stderr) == (1, True)


@pytest.mark.long("a job that dies at once is given up after its third restart")
def test_a_job_that_cannot_be_brought_back_is_given_up_until_a_person_starts_it(platform: Platform) -> None:
    wait_for(lambda: platform.status().checkpoint, what="a checkpoint")
    with without_keeper(platform):
        for point in lose_the_job(platform):
            (point / "_metadata").write_bytes(b"damaged")
    await_keeper(platform, f"giving up on {JOB} after 3 failed restarts")
    assert live_jobs(platform) == []
    job.start(platform.endpoints, JOB, fresh=True)
    await_keeper(platform, f"{JOB} is on the cluster")


def runs_otherwise_than(platform: Platform, job_id: str) -> bool:
    """Whether the job runs again; a JobManager that is away answers nothing."""
    try:
        found = platform.status()
    except UserError:
        return False
    return found.is_running and found.job_id != job_id


def await_keeper(platform: Platform, message: str) -> None:
    """Wait until the keeper says this."""
    wait_for(
        lambda: message in keeper_status(platform.endpoints.home),
        stalled_seconds=RECOVERY_SECONDS,
        what=f"the keeper: {message}",
    )


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="there is no job nonsense; choose from: zone_fares"):
        deploy("nonsense")
