"""The life of the job as an operator leads it: deployed, upgraded, rolled back, lost and found."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack import job, reset
from stack.errors import UserError
from stack.flink_rest import ENDED_STATES, FlinkRest, poll
from stack.job_life import JobSite, take_savepoint
from stack.job_record import JobRecords
from stack.parts.flink import JOBMANAGER
from stack.settings import ROOT
from stack.upgrade import ensure, rollback, upgrade
from tests.flink_jobs.platform import Platform
from tests.oracle.oracle import Oracle, assert_same_rows
from tests.oracle.real_months import real_month

pytestmark = pytest.mark.integration

MONTH = "green_tripdata_2023-12.parquet"
WHOLE_MONTH = (63_899, 316, 0, 0)
"""Its trips that are windowed, quarantined, late and duplicate."""
FLUSH = ("flink_jobs/zone_fares/settings.py", '"sink.buffer-flush.interval": "1s"')


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
    JobSite.of(platform.endpoints, reset.JOB).releases.of_tree(release)
    return release


@contextmanager
def replaying(platform: Platform, speedup: int) -> Iterator[None]:
    """A month that is being replayed; at the end of the block its last trip is in Kafka."""
    command = platform.replay_command(real_month(MONTH), "--speedup", str(speedup))
    with subprocess.Popen(command, env=platform.environment, stderr=subprocess.DEVNULL) as replay:
        try:
            poll(lambda: platform.status().records_read > 100, seconds=60, what="the first trips")
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


def live_jobs(platform: Platform) -> list[str]:
    flink = FlinkRest(platform.endpoints.flink_rest_url)
    return [found.job_id for found in flink.jobs(reset.JOB) if found.state not in ENDED_STATES]


def running_release(platform: Platform) -> int:
    return JobRecords(platform.endpoints.home).read(reset.JOB).release


def assert_whole_month(platform: Platform) -> None:
    (green, *_) = platform.balanced_ledger().entries
    assert (green.windowed, green.quarantined, green.late, green.duplicates) == WHOLE_MONTH


def test_an_upgrade_and_a_rollback_under_a_replay_change_no_row(platform: Platform, tmp_path: Path) -> None:
    first, second = running_release(platform), kept(platform, slower_flush(tmp_path))
    with replaying(platform, speedup=80_000):
        upgraded = upgrade(platform.endpoints, reset.JOB, second)
        assert upgraded is not None
        assert (upgraded.previous_release, upgraded.release) == (first, running_release(platform))
        assert Path(upgraded.savepoint, "_metadata").exists()
        back = rollback(platform.endpoints, reset.JOB)
        assert (back.release, back.savepoint) == (first, upgraded.savepoint)
    assert_whole_month(platform)
    windows = Oracle([real_month(MONTH)], "green", "2023-12").zone_fares_15m()
    assert_same_rows(windows, platform.table("zone_fares_15m", windows, tmp_path))


def test_a_release_whose_sink_is_not_there_is_rolled_back_by_itself(
    platform: Platform, tmp_path: Path
) -> None:
    sinks, table = "flink_jobs/zone_fares/sinks.sql", "'table-name' = '${table_set}.all_trips'"
    bad = kept(platform, tree(tmp_path / "bad", sinks, table, "'table-name' = '${table_set}.no_such_table'"))
    first = running_release(platform)
    with replaying(platform, speedup=80_000):
        done = taxi(platform, "upgrade", reset.JOB, "--source", bad)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 1
        assert last.startswith("error: the upgrade of zone_fares to release ")
        assert f"; release {first} runs again, from" in last
        assert (platform.status().is_running, running_release(platform)) == (True, first)
    assert_whole_month(platform)
    newest = json.loads(taxi(platform, "releases", "--json").stdout)[-1]
    assert newest["state"].startswith("failed: it restarted")


def test_a_release_that_would_misread_the_state_is_refused_before_the_job_is_touched(
    platform: Platform, tmp_path: Path
) -> None:
    wider = tree(
        tmp_path / "wider", "schemas/windows.py", "size=timedelta(minutes=15)", "size=timedelta(minutes=30)"
    )
    untouched = platform.status().job_id
    with pytest.raises(UserError, match=r"sum_windows cuts time into HOP size=\[30 min\].*--fresh"):
        upgrade(platform.endpoints, reset.JOB, wider)
    found = platform.status()
    assert (found.job_id, found.is_running, found.restarts.count) == (untouched, True, 0)


def test_a_release_that_cannot_be_planned_is_refused_before_the_job_is_touched(
    platform: Platform, tmp_path: Path
) -> None:
    wrong = tree(
        tmp_path / "wrong", "flink_jobs/zone_fares/inserts.sql", "from zone_fares", "from no_such_view"
    )
    untouched = platform.status().job_id
    with pytest.raises(UserError, match=r"zone_fares cannot be planned: .*no_such_view"):
        upgrade(platform.endpoints, reset.JOB, wrong)
    assert (platform.status().job_id, platform.status().is_running) == (untouched, True)


def test_an_upgrade_killed_between_savepoint_and_start_is_settled_by_ensure(
    platform: Platform, tmp_path: Path
) -> None:
    second = kept(platform, slower_flush(tmp_path))
    command = [str(ROOT / "taxi"), "job", "upgrade", reset.JOB, "--source", str(second)]
    with replaying(platform, speedup=80_000):
        with subprocess.Popen(command, env=home(platform), stderr=subprocess.PIPE, text=True) as killed:
            savepoint = next(
                line.rpartition(" ")[2].strip() for line in killed.stderr or () if "its savepoint is" in line
            )
            killed.kill()
        assert live_jobs(platform) == []
        assert ensure(platform.endpoints, reset.JOB) in {"started", "verified"}
        assert len(live_jobs(platform)) == 1
        assert ensure(platform.endpoints, reset.JOB) == "none"
        assert Path(savepoint, "_metadata").exists()
    assert_whole_month(platform)


def test_a_job_that_was_cancelled_is_brought_back_from_the_newest_state_that_can_be_read(
    platform: Platform,
) -> None:
    savepoint = take_savepoint(platform.endpoints, reset.JOB)
    flink = FlinkRest(platform.endpoints.flink_rest_url)
    poll(lambda: platform.status().checkpoints_completed > 2, seconds=60, what="checkpoints")
    flink.cancel(platform.status().job_id)
    points = JobRecords(platform.endpoints.home).restore_points(reset.JOB, topic_id(platform))
    (points[0] / "_metadata").write_bytes(b"damaged")
    assert ensure(platform.endpoints, reset.JOB) == "started"
    restored = platform.status()
    assert restored.is_running
    assert JobRecords(platform.endpoints.home).read(reset.JOB).runs[-1].origin == str(points[1])
    assert savepoint in points


def topic_id(platform: Platform) -> str:
    return JobRecords(platform.endpoints.home).read(reset.JOB).topic_id


def test_a_job_stopped_behind_the_topic_goes_on_from_its_savepoint(platform: Platform) -> None:
    assert platform.replay(real_month(MONTH), "--speedup", "max").returncode == 0
    job.end(platform.endpoints, reset.JOB)
    job.start(platform.endpoints, reset.JOB)
    assert platform.status().restarts.restored_checkpoint is not None
    assert_whole_month(platform)


def test_deploying_a_running_job_leaves_it_alone(platform: Platform) -> None:
    running = platform.status().job_id
    assert job.start(platform.endpoints, reset.JOB).job_id == running
    with pytest.raises(UserError, match="runs already"):
        job.start(platform.endpoints, reset.JOB, fresh=True)


def test_a_job_that_the_cluster_forgot_is_brought_back_but_one_stopped_on_purpose_is_not(
    platform: Platform,
) -> None:
    poll(lambda: platform.status().checkpoint, seconds=60, what="a checkpoint")
    platform.part(JOBMANAGER).process.kill()
    assert taxi(platform, "ensure", reset.JOB).returncode == job.BROUGHT_BACK
    assert platform.status().restarts.restored_checkpoint is not None
    assert taxi(platform, "ensure", reset.JOB).returncode == 0
    job.end(platform.endpoints, reset.JOB)
    job.resume(platform.endpoints)
    assert not platform.status().is_running
    refused = taxi(platform, "ensure", reset.JOB)
    assert (refused.returncode, "is not meant to run" in refused.stderr) == (1, True)


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="there is no job nonsense; the jobs are: zone_fares"):
        job.deploy("nonsense")
