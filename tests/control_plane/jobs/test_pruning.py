"""What is removed of releases and states, and what never."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from control_plane.jobs.lifecycle import JobSite
from control_plane.jobs.pruning import prune
from control_plane.jobs.records import JobRecord, JobRun
from control_plane.jobs.releases import Manifest
from stack.endpoints import Endpoints, Metrics

pytestmark = pytest.mark.unit

TOPIC = "t1"


@pytest.fixture
def site(tmp_path: Path) -> JobSite:
    return JobSite.of(Endpoints("", "", "http://nowhere", "", Metrics("", "", ""), tmp_path), "job")


def job_id(number: int) -> str:
    return f"{number:x}" * 32


def release(site: JobSite, number: int, size: int = 10) -> None:
    """A release whose code takes that many bytes, and whose jar is a link."""
    folder = site.endpoints.home / "flink" / "releases" / str(number)
    folder.mkdir(parents=True)
    manifest = Manifest(number, "job", "", "", "", "", {}, {}, str(number))
    (folder / "release.json").write_text(json.dumps(asdict(manifest)))
    (folder / "code.py").write_bytes(b"x" * size)
    jar = site.endpoints.home / "cached.jar"
    jar.write_bytes(b"x" * 1_000)
    os.link(jar, folder / "cached.jar")


def state(site: JobSite, folder: str, seconds: int) -> str:
    """A complete checkpoint or savepoint of that age; its path."""
    path = site.endpoints.home / "flink" / folder
    path.mkdir(parents=True)
    (path / "_metadata").write_bytes(b"12345")
    os.utime(path / "_metadata", (seconds, seconds))
    return str(path)


def names(site: JobSite, keep: int = 0, *, dry_run: bool = False) -> set[str]:
    return {f"{one.kind} {one.name}" for one in prune(site, keep=keep, dry_run=dry_run)}


def lived(site: JobSite) -> None:
    """Releases 1, 2 and 3 ran one after the other; each left an old savepoint, and one to the next.

    release    1            2            3 (runs)
    savepoint  1-old 1-hand 2-old 2-hand 3-old 3-new
    """
    origin = ""
    record = JobRecord()
    for number in (1, 2, 3):
        release(site, number)
        state(site, f"savepoints/savepoint-{job_id(number)[:6]}-old", number * 100)
        state(site, f"checkpoints/{job_id(number)}/chk-9", number * 100 + 10)
        record = record.started(JobRun(job_id(number), number, origin), TOPIC)
        left = "hand" if number < 3 else "new"
        origin = state(site, f"savepoints/savepoint-{job_id(number)[:6]}-{left}", number * 100 + 20)
    site.records.write("job", record)


def test_what_runs_what_a_rollback_needs_and_the_newest_states_stay(site: JobSite) -> None:
    lived(site)
    # the three newest states are 3-new, the checkpoint of 3, 3-old; a rollback to 2 needs 2-hand
    assert names(site) == {
        "release 1",
        "savepoint savepoint-111111-old",
        "savepoint savepoint-111111-hand",
        f"checkpoints {job_id(1)}",
        "savepoint savepoint-222222-old",
        f"checkpoints {job_id(2)}",
    }
    record = site.records.read("job")
    assert (site.releases.all()[0].number, Path(record.handover, "_metadata").exists()) == (2, True)
    assert names(site) == set()


def test_a_release_that_is_kept_keeps_the_savepoint_to_run_again_from(site: JobSite) -> None:
    lived(site)
    gone = names(site, keep=3)
    assert "release 1" not in gone
    assert "savepoint savepoint-111111-hand" not in gone
    assert "savepoint savepoint-111111-old" in gone


def test_a_dry_run_removes_nothing_and_says_what_removing_would_free(site: JobSite) -> None:
    lived(site)
    sizes = {one.name: one.size_bytes for one in prune(site, keep=0, dry_run=True)}
    manifest_bytes = len((site.endpoints.home / "flink/releases/1/release.json").read_bytes())
    assert sizes["1"] == 10 + manifest_bytes  # not the jar: it stays in the cache
    assert sizes["savepoint-111111-old"] == 5
    assert names(site, dry_run=True) == names(site)


def test_a_savepoint_that_is_being_written_and_other_jobs_states_stay(site: JobSite) -> None:
    lived(site)
    being_written = site.endpoints.home / "flink" / "savepoints" / f"savepoint-{job_id(3)[:6]}-now"
    being_written.mkdir()
    theirs = state(site, "savepoints/savepoint-ffffff-1", 100)
    names(site)
    assert being_written.exists()
    assert Path(theirs).exists()


def test_what_another_version_runs_stays(site: JobSite) -> None:
    lived(site)
    site.records.write("job-2", JobRecord().started(JobRun("c" * 32, 1), TOPIC))
    assert "release 1" not in names(site)


def test_a_job_that_never_ran_has_nothing_to_remove_but_old_releases(site: JobSite) -> None:
    release(site, 1)
    release(site, 2)
    assert names(site, keep=1) == {"release 1"}
