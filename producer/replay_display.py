"""Tells a person how a replay is going: a bar on a terminal, a plain line every few seconds elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from producer.instants import text_of
from producer.interruption import Interruption

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_BAR_UPDATES = 0.1


@dataclass(frozen=True)
class Report:
    """A moment of a replay; `sent` counts this run's trips, `done` all trips of the replay up to now.

    `acknowledged_ms` is the event clock before which all trips are acknowledged.
    """

    clock_ms: int
    lag_seconds: float
    sent: int
    done: int
    total: int
    seconds: float
    in_flight: int
    acknowledged_ms: int

    @property
    def line(self) -> str:
        """What a person reads."""
        rate = self.sent / self.seconds if self.seconds else 0.0
        return (
            f"{self.done:,} of {self.total:,} trips  event clock {text_of(self.clock_ms)}"
            f"  {rate:,.0f} trips/s  lag {self.lag_seconds:.1f} s  in flight {self.in_flight:,}"
            f"  acknowledged to {text_of(self.acknowledged_ms)}"
        )


class Display(Protocol):
    """Where progress is shown."""

    def preparing(self, title: str, percent: float) -> None:
        """A month is being sorted."""

    def replaying(self, report: Report) -> None:
        """Trips are being published."""


@dataclass
class Lines:
    """Plain lines, for logs."""

    console: Console
    _last_line: float = field(default_factory=time.monotonic)

    def preparing(self, title: str, percent: float) -> None:
        """Every few seconds a line."""
        if self._is_time():
            self.console.print(f"preparing {title}: {percent:.0f} %")

    def replaying(self, report: Report) -> None:
        """Every few seconds a line."""
        if self._is_time():
            self.console.print(report.line)

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._last_line < SECONDS_BETWEEN_LINES:
            return False
        self._last_line = now
        return True


@dataclass
class ReplayBar:
    """One bar that first shows the preparation and then the replay."""

    progress: Progress
    task: TaskID
    _last_update: float = 0.0

    def preparing(self, title: str, percent: float) -> None:
        """The share of the work that DuckDB has done."""
        self.progress.update(self.task, description=f"preparing {title}", completed=percent, total=100)

    def replaying(self, report: Report) -> None:
        """The share of the trips that has been sent."""
        now = time.monotonic()
        if now - self._last_update >= SECONDS_BETWEEN_BAR_UPDATES:
            self._last_update = now
            self.progress.update(
                self.task, description=report.line, completed=report.done, total=report.total
            )


@contextmanager
def display_on(console: Console) -> Iterator[Display]:
    """The display that suits where the output goes."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (BarColumn(bar_width=20), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield ReplayBar(progress, progress.add_task("", total=100))


def watching(display: Display, interruption: Interruption) -> Callable[[str, float], None]:
    """Shows how far a preparation is, and ends it when a person wants to stop."""

    def watch(title: str, percent: float) -> None:
        interruption.check()
        display.preparing(title, percent)

    return watch


def warning_on(console: Console) -> Callable[[str], None]:
    """Tells a person what is odd and does not hinder."""
    return lambda line: console.print(f"warning: {line}")
