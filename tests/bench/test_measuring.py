"""What a run costs: the start apart from the steady cost, and processes that have ended still count."""

import subprocess
import sys

import psutil
import pytest

from bench._measuring import CpuSample, ProcessTree, cost_of, steady_cost

pytestmark = pytest.mark.unit

BUSY = "import time\nwhile time.process_time() < {seconds}: pass"


def run_of(*points: tuple[float, float]) -> list[CpuSample]:
    """Samples of trips and CPU seconds, one a second."""
    return [CpuSample(at, trips, cpu) for at, (trips, cpu) in enumerate(points)]


def test_the_steady_cost_leaves_out_what_the_start_has_cost() -> None:
    # Ten CPU seconds until the first trip, then 20 a million: 10 + 20 * trips / 1e6.
    samples = run_of(
        (0, 0), (0, 10), *((trips, 10 + 20 * trips / 1e6) for trips in range(0, 1_000_001, 100_000))
    )
    cost = cost_of(samples)
    assert cost.per_million == pytest.approx(30)
    assert cost.steady_per_million == pytest.approx(20)
    assert cost.start_seconds == pytest.approx(10)


def test_what_is_written_after_the_last_trip_was_read_counts_as_steady() -> None:
    # 10 CPU seconds a million, and 7 more at the end: 7 + 7 for the last 700,000 trips.
    samples = run_of(*((trips, trips / 1e5) for trips in range(0, 1_000_001, 100_000)), (1_000_000, 17))
    cost = cost_of(samples)
    assert cost.per_million == pytest.approx(17)
    assert cost.steady_per_million == pytest.approx(20)


def test_a_run_that_was_seen_in_few_steps_has_no_steady_cost() -> None:
    samples = run_of((0, 0), (800_000, 5), (1_000_000, 9))
    assert steady_cost(samples) is None
    assert cost_of(samples).start_seconds is None


def test_a_run_without_any_trip_has_no_steady_cost() -> None:
    assert steady_cost(run_of((0, 0), (0, 5))) is None


def test_a_child_that_has_ended_still_counts() -> None:
    busy = BUSY.format(seconds=0.3)
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        tree = ProcessTree([psutil.Process(process.pid)])
        seconds = 0.0
        while process.poll() is None and seconds < 0.3:
            seconds = tree.cpu_seconds()
        process.communicate(b"\n")
    assert seconds >= 0.3
