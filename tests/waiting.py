"""Waits in tests: they go on while what the tests have started is at work, however busy the machine is."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

from stack.settings import ROOT
from stack.supervision.identity import HOME_VARIABLE
from stack.supervision.progress import CpuSeconds
from stack.waiting import POLLING, Polling, wait_until

STALLED_SECONDS = 120.0

T = TypeVar("T")


def wait_for(
    probe: Callable[[], T | None],
    *,
    what: str,
    stalled_seconds: float = STALLED_SECONDS,
    polling: Polling = POLLING,
) -> T:
    """The first true answer of `probe`; raises StalledError when nothing has been at work for so long."""
    return wait_until(
        probe, what=what, progress=CpuSeconds(_at_work), stalled_seconds=stalled_seconds, polling=polling
    )


def homes() -> Path:
    """Below it are the homes of every stack of the tests."""
    return Path(os.environ.get("TAXI_TEST_HOME", ROOT / ".taxi" / "test"))


def _at_work() -> Iterator[psutil.Process]:
    """What this process has started, and the services of the tests' stacks, which are no children of it."""
    yield from psutil.Process().children(recursive=True)
    for process in psutil.process_iter():
        try:
            if process.environ().get(HOME_VARIABLE, "").startswith(str(homes())):
                yield process
        except (psutil.Error, OSError):
            continue  # a stranger's, or just ended
