"""The demo on a real stack: stopped by Ctrl-C, continued by the command that it prints, and run again."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from stack.settings import ROOT
from tests.platform import Platform

pytestmark = [pytest.mark.integration, pytest.mark.long("it runs the demo twice, in real time")]

MONTH_ROWS, EVENING_MONTH_ROWS = 2_000, 60_000
SERVED_LIVE = "select 1 from taxi.zone_fares_15m where window_end > '2024-01-05 18:02'"
NEWEST = "select max(window_end)::text from taxi.zone_fares_15m"
COMMAND = [sys.executable, "-P", "-m", "taxi_cli"]


@pytest.fixture
def environment(stack_environment: dict[str, str], tmp_path: Path) -> Mapping[str, str]:
    """The months of the demo in a folder of the test's own."""
    for month, rows in (("2023-12", MONTH_ROWS), ("2024-01", EVENING_MONTH_ROWS)):
        file = tmp_path / f"green_tripdata_{month}.parquet"
        made = [*("--taxi-type", "green", "--month", month), *("--rows", str(rows), "--to", str(file))]
        subprocess.run([sys.executable, "-m", "producer", "generate", *made], check=True, capture_output=True)
    paths = {"PYTHONPATH": str(ROOT), "TLC_DATA_DIR": str(tmp_path), "COLUMNS": "200"}
    return {**os.environ, **stack_environment, **paths}


def test_the_demo_can_be_stopped_continued_and_run_again(
    platform: Platform, environment: Mapping[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "output"
    with output.open("wb") as stream:
        demo = subprocess.Popen(
            [*COMMAND, "demo", "--live-minutes", "1"],
            env=environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        platform.await_rows(SERVED_LIVE)
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
        assert demo.wait(60) == 130
    text = output.read_text("utf-8")
    assert text.index("live map ") < text.index("replayed ")
    assert text.count("it adds up exactly") == 1  # the month

    (line,) = re.findall(r"^\./taxi (replay .*?)   continues the evening$", text, re.MULTILINE)
    continued = subprocess.run(
        [*COMMAND, *shlex.split(line)], env=environment, capture_output=True, text=True, check=True
    )
    assert "resuming at 2024-01-05 18:" in continued.stdout
    before = platform.balanced_ledger().entries[0]
    assert before.late == 0
    assert platform.query(NEWEST) == [("2024-01-05 18:30:00",)]

    again = subprocess.run(
        [*COMMAND, "demo", "--live-minutes", "1"], env=environment, capture_output=True, text=True, check=True
    )
    after = platform.balanced_ledger().entries[0]
    assert (after.windowed, after.late, after.duplicates) == (before.windowed, 0, 0)
    assert again.stdout.count("it adds up exactly") == 2
    assert "2024-01-05T18:30:00 --to 2024-01-06T00:00:00" in again.stdout
