"""Measure the CPU time of processes against their progress, and separate the start from the steady cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

STEADY_FROM = 0.3
"""The share of the work after which the compilers of a JVM have done most of theirs."""
FEWEST_LEFT = 0.3
"""The share of the work that has to be left: less of it was seen in too few steps."""


class ProcessTree:
    """Processes and their descendants; the time of those that have ended still counts."""

    def __init__(self, roots: Iterable[psutil.Process]) -> None:
        self._roots = list(roots)
        self._seconds: dict[psutil.Process, float] = {}

    def cpu_seconds(self) -> float:
        """Return the CPU time that they have used so far, as last seen."""
        for root in self._roots:
            try:
                members = [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
            for member in members:
                self._note(member)
        return sum(self._seconds.values())

    def _note(self, process: psutil.Process) -> None:
        try:
            times = process.cpu_times()
        except psutil.Error:
            return
        # The children of a database server are its sessions, which come and go.
        ended = times.children_user + times.children_system if process in self._roots else 0.0
        self._seconds[process] = times.user + times.system + ended


@dataclass(frozen=True)
class CpuSample:
    """How much of the work was done, and the CPU seconds until then."""

    at: float
    done: float
    """Trips."""
    cpu_seconds: float


@dataclass(frozen=True)
class CpuCost:
    """CPU seconds of a run: all of them, and what a million trips cost once the program is warm."""

    seconds: float
    trips: float
    steady_per_million: float | None
    """None if the work was seen in too few steps."""

    @property
    def per_million(self) -> float:
        """Return CPU seconds per million trips, start included."""
        return self.seconds / self.trips * 1e6 if self.trips else 0.0

    @property
    def start_seconds(self) -> float | None:
        """Return what the start cost in addition to the steady cost."""
        if self.steady_per_million is None:
            return None
        return self.seconds - self.steady_per_million * self.trips / 1e6


def cost_of(samples: Sequence[CpuSample]) -> CpuCost:
    """Return the cost of a run from its samples, the first of them before the start."""
    first, last = samples[0], samples[-1]
    return CpuCost(last.cpu_seconds - first.cpu_seconds, last.done, steady_cost(samples))


def steady_cost(samples: Sequence[CpuSample]) -> float | None:
    """Return CPU seconds per million trips after the first part of the work, to the end of the run.

    To the end, and not to the last trip that was read: programs write windows later than they read trips.
    """
    last = samples[-1]
    warm = next(sample for sample in samples if sample.done >= STEADY_FROM * last.done)
    left = last.done - warm.done
    if left <= FEWEST_LEFT * last.done:
        return None
    return (last.cpu_seconds - warm.cpu_seconds) / left * 1e6
