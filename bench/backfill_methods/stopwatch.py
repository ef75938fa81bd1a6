"""What a process uses."""

import time
from pathlib import Path

import psutil


class Stopwatch:
    """What this process and its children use from `start` on."""

    def start(self) -> None:
        """What came before does not count."""
        self._began, self._cpu_before = time.monotonic(), self._cpu_seconds()

    def read(self) -> dict[str, float]:
        """Wall and CPU seconds, and the most memory held at once, in bytes."""
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
    # A child that has ended holds none.
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
