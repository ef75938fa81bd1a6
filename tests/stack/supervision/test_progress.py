"""What counts as work of a process: lines in its log, CPU in growing steps."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from stack.supervision import progress
from stack.supervision.progress import CpuSeconds, LogGrowth, Steps, await_exit, processes
from stack.waiting import StalledError

pytestmark = pytest.mark.unit


class Worker:
    """Stands in for a process that has burnt so much CPU."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def cpu_times(self) -> SimpleNamespace:
        return SimpleNamespace(user=self.seconds / 2, system=self.seconds / 2)


def cpu_of(*workers: Any) -> CpuSeconds:
    return CpuSeconds(lambda: workers)


def moves(cpu: CpuSeconds, worker: Worker, rate: float, span: int) -> Iterator[int]:
    """The seconds of the span at which the steps move, at so much CPU a second."""
    before = cpu()
    for second in range(span):
        worker.seconds += rate
        now = cpu()
        if now != before:
            yield second
        before = now


def test_a_log_grows_with_each_line_and_one_that_is_not_there_is_empty(tmp_path: Path) -> None:
    growth = LogGrowth([tmp_path / "a.log", tmp_path / "b.log"])
    nothing = growth()
    (tmp_path / "b.log").write_text("started\n")
    assert growth() != nothing
    assert growth() == growth()


def test_what_was_in_a_log_before_the_first_look_does_not_count_and_one_that_was_started_over_grows(
    tmp_path: Path,
) -> None:
    log = tmp_path / "a.log"
    log.write_text("of yesterday\n" * 1_000)
    growth = LogGrowth([log])
    first = growth()
    log.write_text("rotated\n")
    assert growth() != first


def test_steps_are_a_tenth_longer_each_time_up_to_the_longest() -> None:
    steps = Steps(first=1, longest=2)
    #  1, 2.1, 3.31, 4.641, 6.1051, 7.71561, 9.487171, 11.4358881: the next would be longer than 2
    assert [steps.taken(amount) for amount in (0.9, 1.1, 2.2, 3.4, 9.6, 12)] == [0, 1, 2, 3, 7, 8]
    assert steps.taken(1_012) - steps.taken(1_002) == 5


def test_cpu_that_was_burnt_before_the_first_look_does_not_count() -> None:
    old = Worker(1_000)
    cpu = cpu_of(old)
    first = cpu()
    old.seconds += 0.6
    assert cpu() != first
    assert cpu().text == "1 s of CPU time used"


def test_a_process_that_gets_a_fiftieth_of_a_core_is_seen_at_work_within_every_90_seconds() -> None:
    # Load 100 on two cores, for a quarter of an hour.
    worker = Worker()
    times = [0, *moves(cpu_of(worker), worker, 0.02, 600)]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 90


def test_a_process_that_works_for_hours_is_seen_at_work_all_the_time() -> None:
    worker = Worker()
    times = [0, *moves(cpu_of(worker), worker, 1.5, 4 * 3_600)]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 6


def test_a_process_that_only_idles_does_not_keep_a_wait_going_for_ever() -> None:
    worker = Worker()
    times = [*moves(cpu_of(worker), worker, 0.01, 900)]
    assert max(later - earlier for earlier, later in pairwise(times)) > 90


def test_a_process_that_ended_keeps_what_it_burnt_and_its_successor_adds_to_it() -> None:
    living: list[Any] = [Worker(0)]
    cpu = CpuSeconds(lambda: living)
    cpu()
    living[0].seconds = 5
    cpu()
    living[:] = [Worker(1)]
    assert cpu().text == "6 s of CPU time used"


def test_the_cpu_of_children_counts_for_their_parent() -> None:
    found = {process.pid for process in processes(psutil.Process().ppid())}
    assert psutil.Process().pid in found
    assert list(processes(0)) == []


def test_a_program_s_exit_code_is_waited_for(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    assert await_exit(process, what="the program", log=tmp_path / "log") == 3


def test_a_program_that_does_nothing_any_more_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "STALLED_PROGRAM_SECONDS", 0.1)
    monkeypatch.setattr(progress, "EXIT_LOOK_SECONDS", 0.3)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(StalledError, match="waiting for the planner"):
        await_exit(process, what="the planner", log=tmp_path / "log")
    assert process.returncode == -9
