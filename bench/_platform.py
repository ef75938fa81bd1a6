"""Run the platform's own commands for the benchmarks, and measure its processes."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]


def taxi(*arguments: str) -> str:
    """Run a `./taxi` command; a failure ends the benchmark with its message."""
    done = subprocess.run([ROOT / "taxi", *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: ./taxi {' '.join(arguments)} failed")
    return done.stdout


def service(name: str) -> psutil.Process:
    """Return the process of a service of the stack, found by a variable in its environment."""
    home = os.environ.get("TAXI_HOME", str(ROOT / ".taxi"))
    wanted = {"TAXI_HOME": home, "TAXI_PART": name}.items()
    return next(process for process in psutil.process_iter() if wanted <= environment_of(process).items())


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Return its environment; empty for a process that we may not inspect."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that it has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
