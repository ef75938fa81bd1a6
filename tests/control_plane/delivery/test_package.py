"""The code zip of an application on the managed service."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from control_plane.delivery import flink_zip, mwaa
from control_plane.delivery.archives import code_files
from control_plane.delivery.flink_zip import merge_jars
from flink_jobs.managed_main import job_variables
from stack.settings import ROOT

pytestmark = pytest.mark.unit


def jar(path: Path, **files: str) -> Path:
    """A jar of these files; `services` is its list of services, `signature` its seal."""
    names = {"services": "META-INF/services/Factory", "signature": "META-INF/A.SF"}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(names.get(name, name), content)
    return path


def test_jars_are_merged_with_the_services_of_all_and_the_seals_of_none(tmp_path: Path) -> None:
    one = jar(tmp_path / "one.jar", services="Kafka", signature="x", a="first")
    two = jar(tmp_path / "two.jar", services="Jdbc", a="second", b="other")
    merge_jars([one, two], tmp_path / "merged.jar")
    with zipfile.ZipFile(tmp_path / "merged.jar") as merged:
        found = {name: merged.read(name).decode() for name in merged.namelist()}
    assert found == {"META-INF/services/Factory": "Kafka\nJdbc", "a": "first", "b": "other"}


def test_the_same_content_is_the_same_jar(tmp_path: Path) -> None:
    source = jar(tmp_path / "one.jar", services="Kafka", a="first")
    merge_jars([source], tmp_path / "once.jar")
    merge_jars([source], tmp_path / "twice.jar")
    assert (tmp_path / "once.jar").read_bytes() == (tmp_path / "twice.jar").read_bytes()


def test_the_job_is_told_of_its_group_only() -> None:
    groups = """[
        {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "main.py"}},
        {"PropertyGroupId": "taxi.job", "PropertyMap": {"FLINK_JOB": "zone_fares", "TRIPS_TOPIC": "trips"}}
    ]"""
    assert job_variables(groups) == {"FLINK_JOB": "zone_fares", "TRIPS_TOPIC": "trips"}


@pytest.mark.parametrize("folders", [flink_zip.CODE_FOLDERS, mwaa.CODE_FOLDERS])
def test_a_package_holds_what_every_job_needs_and_what_each_declares(folders: tuple[str, ...]) -> None:
    held = code_files(ROOT, folders)
    runtime = {str(path.relative_to(ROOT)) for path in (ROOT / "flink_jobs" / "runtime").glob("*.py")}
    assert {"flink_jobs/runtime/sql_job.py", *runtime} <= held.keys()
    assert "flink_jobs/zone_fares/job.toml" in held


def test_the_code_in_the_zip_is_enough_for_the_job(tmp_path: Path) -> None:
    for name, content in code_files(ROOT, flink_zip.CODE_FOLDERS).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    asked = "from flink_jobs.zone_fares.job import JOB; print(JOB.declaration.watched.source)"
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout == "read_trips\n", answer.stderr
