"""Signs that a process or a service is at work: its log grows, or it uses CPU time."""

import math
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from schemas.errors import TransientError
from stack.supervision.supervisor import ProgramState, Supervisor, log_files
from stack.waiting import Polling, WaitProgress, wait_until

STEP_GROWTH = 0.1
EXIT_LOOK_SECONDS = 0.5
STALLED_PROGRAM_SECONDS = 120.0


@dataclass(frozen=True)
class Steps:
    """Counter of an amount that grows in steps, each a tenth longer than the one before, up to a maximum.

    An idle process uses a little CPU time too, and our health checks may each add a line to a log: both would
    extend a hopeless wait without limit. Real work keeps taking long steps; a trickle does not.
    """

    first: float
    longest: float

    def taken(self, amount: float) -> int:
        """Return the number of steps that lead to this amount."""
        base = self.first / STEP_GROWTH
        bend = self.longest / STEP_GROWTH - base
        steps = math.log1p(min(amount, bend) / base) / math.log1p(STEP_GROWTH)
        return int(steps + max(0.0, amount - bend) / self.longest)


CPU_STEPS = Steps(first=0.5, longest=8.0)
LOG_STEPS = Steps(first=1, longest=64_000)


class LogGrowth:
    """The bytes written to logs since the first reading; a missing log counts as empty."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._sizes: dict[Path, int] = {}
        self._bytes = 0

    def __call__(self) -> WaitProgress:
        """Read the log sizes; a log that has shrunk was started again."""
        for path in self._paths:
            size = _size(path)
            before = self._sizes.get(path, size)
            self._bytes += size - before if size >= before else size
            self._sizes[path] = size
        return WaitProgress("", LOG_STEPS.taken(self._bytes))


class CpuSeconds:
    """The CPU time of processes since the first reading."""

    def __init__(self, processes: Callable[[], Iterable[psutil.Process]]) -> None:
        self._processes = processes
        self._seconds: dict[psutil.Process, float] = {}
        self._before: float | None = None

    def __call__(self) -> WaitProgress:
        """Read the CPU times; ended processes keep their last value."""
        for process in self._processes():
            with suppress(psutil.Error):  # it has just ended
                times = process.cpu_times()
                self._seconds[process] = times.user + times.system
        total = sum(self._seconds.values())
        self._before = total if self._before is None else self._before
        burnt = total - self._before
        return WaitProgress(f"{burnt:.0f} s of CPU time used", CPU_STEPS.taken(burnt))


class ServiceProgress:
    """The state of a service in supervisord, its log and its CPU time."""

    def __init__(self, home: Path, name: str) -> None:
        self._supervisor, self._name = Supervisor(home), name
        self._log = LogGrowth(log_files(home, name))
        self._cpu = CpuSeconds(lambda: processes(self.program.pid))
        self.program = ProgramState()
        self._is_known = False

    def __call__(self) -> WaitProgress:
        """Read the progress; without an answer of supervisord, return the previous one.

        A service that no supervisord of this machine runs makes no progress of its own.
        """
        with suppress(TransientError):
            self.program = self._supervisor.program_state(self._name)
            self._is_known = True
        is_away = self._is_known and self.program.state != "RUNNING"
        text = f"it is {self.program.state}" if is_away else ""
        return WaitProgress(text, (self.program, self._log(), self._cpu()))


def await_exit(process: "subprocess.Popen[bytes]", *, what: str, log: Path) -> int:
    """Return a program's exit code; kill it when it neither writes nor uses CPU any more."""

    def has_ended() -> bool:
        try:
            process.wait(EXIT_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    grown, cpu = LogGrowth([log]), CpuSeconds(lambda: processes(process.pid))
    try:
        wait_until(
            has_ended,
            what=what,
            progress=lambda: (grown(), cpu()),
            stalled_seconds=STALLED_PROGRAM_SECONDS,
            polling=Polling(seconds=0),
        )
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode


def processes(pid: int) -> Sequence[psutil.Process]:
    """Return the process of this pid and its children; none for 0 and for one that has ended."""
    try:
        found = psutil.Process(pid) if pid else None
        return [found, *found.children(recursive=True)] if found else []
    except psutil.Error:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
