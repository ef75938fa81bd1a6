"""Draw a flame graph of a JVM with async-profiler, which is loaded into the running process."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from stack.toolchain.jars import ensure
from stack.toolchain.java import java

EVENT = "ctimer"
"""CPU time of each thread, by a timer: needs no right to read the kernel's performance counters."""


@contextmanager
def profiled(process: psutil.Process, target: Path) -> Iterator[None]:
    """Profile a process inside this context and write the flame graph, an HTML page."""
    _profiler(process, "start", "-e", EVENT, "-i", "5ms")
    try:
        yield
    finally:
        target.parent.mkdir(parents=True, exist_ok=True)
        _profiler(process, "stop", "-f", str(target))


def _profiler(process: psutil.Process, *arguments: str) -> None:
    (loader,) = ensure("profiler")
    command = [java(), "-jar", str(loader), "profiler", *arguments, str(process.pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"async-profiler: {(done.stderr or done.stdout).strip()[-300:]}")
