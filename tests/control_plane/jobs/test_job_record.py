"""What is remembered of a job, and which state it may go on from."""

import json
import os
from pathlib import Path

import pytest

from control_plane.jobs.records import JobRecord, JobRecords, JobRun

pytestmark = pytest.mark.unit

TOPIC = "t1"
OLD, NEW = "a" * 32, "b" * 32


def upgraded() -> JobRecord:
    """Release 1 ran, left a savepoint, and release 2 began from it."""
    return JobRecord().started(JobRun(OLD, 1), TOPIC).started(JobRun(NEW, 2, "/savepoint"), TOPIC)


def leave(home: Path, folder: str, seconds: int) -> Path:
    """A complete checkpoint or savepoint of that age."""
    path = home / "flink" / folder
    path.mkdir(parents=True)
    (path / "_metadata").touch()
    os.utime(path / "_metadata", (seconds, seconds))
    return path


def test_the_release_before_and_the_savepoint_between_are_known() -> None:
    record = upgraded().started(JobRun("c" * 32, 2, "/later"), TOPIC)
    assert (record.release, record.previous_release, record.handover) == (2, 1, "/savepoint")


def test_after_a_rollback_the_release_before_is_the_one_that_runs() -> None:
    record = upgraded().rolled_back().started(JobRun("c" * 32, 1, "/savepoint"), TOPIC)
    assert (record.release, record.previous_release) == (1, 0)


def test_the_newest_complete_state_of_the_topic_is_gone_on_from(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    records.write("job", upgraded())
    older = leave(tmp_path, f"savepoints/savepoint-{OLD[:6]}-1", 100)
    newer = leave(tmp_path, f"checkpoints/{NEW}/chk-7", 200)
    (tmp_path / "flink" / "checkpoints" / NEW / "chk-8").mkdir()  # begun, never completed
    leave(tmp_path, "savepoints/savepoint-ffffff-1", 300)  # another job's
    assert records.restore_points("job", TOPIC) == [newer, older]
    assert records.restore_points("job", "a topic made anew") == []


def test_what_a_rolled_back_release_wrote_is_never_gone_on_from(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    savepoint = leave(tmp_path, f"savepoints/savepoint-{OLD[:6]}-1", 100)
    leave(tmp_path, f"checkpoints/{NEW}/chk-7", 200)
    records.write("job", upgraded().rolled_back())
    assert records.restore_points("job", TOPIC) == [savepoint]


def test_a_record_written_before_there_were_releases_is_read(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    kept = {"job_ids": [OLD], "topic_id": TOPIC, "wanted": True}
    (tmp_path / "jobs" / "job.json").write_text(json.dumps(kept))
    assert JobRecords(tmp_path).read("job") == JobRecord((JobRun(OLD),), TOPIC, wanted=True)


def test_forgetting_removes_the_states_of_this_job_only(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    records.write("job", upgraded())
    ours = leave(tmp_path, f"checkpoints/{NEW}/chk-7", 200)
    theirs = leave(tmp_path, "savepoints/savepoint-ffffff-1", 300)
    records.forget("job")
    assert (ours.exists(), theirs.exists(), records.read("job")) == (False, True, JobRecord())
