"""Run the platform's own commands for the benchmarks, and measure its processes."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from stack.services.postgres_installation import data_folder

ROOT = Path(__file__).resolve().parents[1]


def taxi(*arguments: str) -> str:
    """Run a `./taxi` command; a failure ends the benchmark with its message."""
    done = subprocess.run([ROOT / "taxi", *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: ./taxi {' '.join(arguments)} failed")
    return done.stdout


def service(name: str, home: str = "") -> psutil.Process:
    """Return the process of a service of a stack, found by a variable in its environment."""
    home = home or os.environ.get("TAXI_HOME", str(ROOT / ".taxi"))
    wanted = {"TAXI_HOME": home, "TAXI_PART": name}.items()
    return next(process for process in psutil.process_iter() if wanted <= environment_of(process).items())


def database(home: Path) -> psutil.Process:
    """Return the first process of Postgres, which hides its environment but works in the data folder."""
    folder = str(data_folder(home))
    found = [process for process in psutil.process_iter() if _folder_of(process) == folder]
    return next(process for process in found if process.parent() not in found)


def _folder_of(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except (psutil.Error, OSError):
        return ""


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
