"""The zone of the host shows in no process of the platform."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from control_plane.jobs.submission import BRIEF_JVM
from control_plane.settings import SparkSettings
from control_plane.spark.emr import submit_parameters
from schemas.time_zone import UTC_JVM, UTC_VARIABLES
from stack.endpoints import Endpoints
from stack.settings import ROOT, inherited_environment, user_environment
from stack.supervision.processes import own_processes
from stack.toolchain.java import java, jvm_options

LOCAL_HOUR = "import time; print(time.tzname, time.strftime('%H', time.localtime(0)))"


@pytest.mark.unit
def test_the_tests_live_in_another_zone() -> None:
    if not Path("/usr/share/zoneinfo/America/New_York").exists():
        pytest.skip("this machine knows no zones: there is no /usr/share/zoneinfo")
    done = subprocess.run([sys.executable, "-c", LOCAL_HOUR], capture_output=True, text=True, check=True)
    assert done.stdout == "('EST', 'EDT') 19\n"


@pytest.mark.unit
@pytest.mark.parametrize("environment", [inherited_environment, user_environment])
def test_a_child_lives_in_utc(environment: object) -> None:
    assert callable(environment)
    done = subprocess.run(
        [sys.executable, "-c", LOCAL_HOUR], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "('UTC', 'UTC') 00\n"


@pytest.mark.unit
def test_the_commands_live_in_utc() -> None:
    program = "import taxi_cli.main as m, time; m.run = lambda *_: print(time.tzname) or 0; m.main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "('UTC', 'UTC')\n"


@pytest.mark.unit
def test_every_jvm_is_given_its_zone(tmp_path: Path) -> None:
    assert UTC_JVM in jvm_options(tmp_path)
    assert UTC_JVM in BRIEF_JVM
    done = subprocess.run(
        [java(), *jvm_options(tmp_path), "-XshowSettings:properties", "-version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "user.timezone = UTC" in done.stderr


@pytest.mark.unit
def test_on_emr_the_driver_and_the_executors_live_in_utc() -> None:
    settings = SparkSettings.from_environment({"EMR_CODE": "s3://bucket/code"})
    parameters = submit_parameters(settings, "spark.driverEnv")
    for name, zone in UTC_VARIABLES.items():
        assert f"spark.driverEnv.{name}={zone}" in parameters
        assert f"spark.executorEnv.{name}={zone}" in parameters


@pytest.mark.integration
def test_every_process_of_a_stack_lives_in_utc(stack: Endpoints) -> None:
    found = own_processes(stack.home)
    zones = {own.service: own.process.environ().get("TZ") for own in found if own.service != "postgres"}
    assert {"kafka", "registry", "flink-jobmanager", "flink-taskmanager"} <= zones.keys()
    assert set(zones.values()) == {"UTC"}
    jvms = [own.process.cmdline() for own in found if _is_jvm(own.process)]
    assert len(jvms) >= 4
    assert all(UTC_JVM in command for command in jvms)


def _is_jvm(process: psutil.Process) -> bool:
    return Path(process.cmdline()[0]).name == "java"
