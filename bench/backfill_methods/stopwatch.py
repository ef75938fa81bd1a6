"""Measure the resources of a process."""

import time
from pathlib import Path

import psutil


class Stopwatch:
    """A measurement of this process and its children from `start` on."""

    def start(self) -> None:
        """Start to measure; earlier use does not count."""
        self._began, self._cpu_before = time.monotonic(), self._cpu_seconds()

    def read(self) -> dict[str, float]:
        """Return wall and CPU seconds, and peak memory in bytes."""
        return {
            "wall": time.monotonic() - self._began,
            "cpu": self._cpu_seconds() - self._cpu_before,
            "bytes": sum(_peak_bytes(process) for process in _processes()),
        }

    def _cpu_seconds(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in _processes())


def _processes() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    # A child that has ended holds no memory.
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
