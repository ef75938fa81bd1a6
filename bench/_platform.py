"""What the benchmarks share: the platform's own commands, and what its processes use."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]


def taxi(*arguments: str) -> str:
    """Run a command of ours; a failure ends the benchmark with its message."""
    done = subprocess.run([ROOT / "taxi", *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: ./taxi {' '.join(arguments)} failed")
    return done.stdout


def service(name: str) -> psutil.Process:
    """The process of a part of the stack, known by what it carries in its environment."""
    home = os.environ.get("TAXI_HOME", str(ROOT / ".taxi"))
    wanted = {"TAXI_HOME": home, "TAXI_PART": name}.items()
    return next(process for process in psutil.process_iter() if wanted <= environment_of(process).items())


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Its environment; empty for a process that is none of our business."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time that it used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
