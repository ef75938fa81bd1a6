"""The skew lab shows a straggler, and that the cure takes it away; the lab itself asserts equal results."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from bench._event_log import StageMetrics, Task
from bench._skew_chart import draw
from stack.settings import ROOT


@pytest.mark.long("Spark runs a whole benchmark")
@pytest.mark.integration
def test_the_cure_takes_the_straggler_away(tmp_path: Path) -> None:
    lab = subprocess.run(
        [ROOT / "taxi", "bench", "skew", "--rows", "50000", "--ops", "gap", "--partitions", "32"],
        env={**os.environ, "TAXI_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert lab.returncode == 0, lab.stdout
    ratio = {
        (one["way"], one["AQE"]): one["max/median records"]
        for one in json.loads((tmp_path / "bench" / "skew.json").read_text())
    }
    assert ratio["plain", "off"] > 10
    assert ratio["repartitioned", "off"] > 10
    assert ratio["two_phase", "off"] < 3
    assert (tmp_path / "bench" / "skew.svg").read_text().count("<rect") > 32


@pytest.mark.unit
def test_the_chart_has_seconds_on_its_axis_and_says_what_was_gained(tmp_path: Path) -> None:
    times = {"gap": {"plain": [100.0, 5.0, 4.0], "salted": [10.0, 9.0, 8.0]}}
    draw(times, "Task times: 3 trips", tmp_path / "skew.svg")
    chart = (tmp_path / "skew.svg").read_text()
    assert [chart.count(f">{tick} s<") for tick in (0, 20, 100)] == [2, 2, 2]
    assert "gap, salted: longest task 10.0 s (-90%)" in chart
    assert chart.count(">3 tasks, longest first<") == 2


@pytest.mark.unit
def test_recorded_tasks_are_dealt_out_to_cores_stage_by_stage() -> None:
    """Stage 1 on two cores, in the order of the log; then stage 2 takes 1 s more.

    core 1  [2 s][2 s][2 s]
    core 2  [6 s          ]
    """
    seconds = {1: (2.0, 6.0, 2.0, 2.0), 2: (1.0, 1.0)}
    work = StageMetrics(
        [Task(stage, value, value, 10, 0, 0) for stage, values in seconds.items() for value in values]
    )
    assert work.makespan_seconds(2) == 6 + 1
    assert work.makespan_seconds(1) == 12 + 2
    assert work.straggler_ratio == 3
