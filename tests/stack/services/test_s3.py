"""The local S3: months go to it in parts, once, and are there after a restart."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from control_plane import start
from producer.synthesis.generate import checked_month, write_month
from schemas.tlc_month import parse_month
from stack import lifecycle
from stack.endpoints import Endpoints
from stack.settings import ROOT, StackSettings

pytestmark = pytest.mark.integration


def taxi(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "taxi"), *arguments],
        env={**os.environ, "TAXI_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def exports(home: Path) -> dict[str, str]:
    """What `eval "$(./taxi env)"` would set."""
    lines = taxi(home, "env").stdout.splitlines()
    pairs = (shlex.split(line.removeprefix("export "))[0].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


def test_a_month_is_sent_once_and_outlives_a_restart_and_a_stack_without_s3(
    stack: Endpoints, stack_settings: StackSettings, tmp_path: Path
) -> None:
    month = checked_month(parse_month("green", "2024-01"), 1_000, seed=1)
    write_month(month, tmp_path / month.month.file_name)
    fetch = ("fetch", "--taxi-type", "green", "--month", "2024-01", "--to")
    try:
        start.up(stack_settings, extras=["s3"])
        there = {**exports(stack_settings.home), "TLC_DATA_DIR": str(tmp_path)}
        first = taxi(tmp_path / "home", *fetch, there["RAW_DATA"], **there)
        assert (first.returncode, "1 fetched" in first.stderr) == (0, True), first.stderr
        lifecycle.leave_out(stack_settings, ["s3"])
        assert "S3_ENDPOINT_URL" not in exports(stack_settings.home)
        start.up(stack_settings, extras=["s3"])
        there = {**exports(stack_settings.home), "TLC_DATA_DIR": str(tmp_path)}
        again = taxi(tmp_path / "home", *fetch, there["RAW_DATA"], **there)
        assert (again.returncode, "1 already present" in again.stderr) == (0, True), again.stderr
    finally:
        lifecycle.leave_out(stack_settings, ["s3"])
    left = {status.name for status in lifecycle.statuses(lifecycle.running_site(stack_settings))}
    assert "s3" not in left
