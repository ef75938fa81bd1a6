"""Show the progress of a replay: a bar on a terminal, elsewhere a plain line every few seconds."""

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
    """The progress at one moment; `sent` counts this run's trips, `done` all trips of the replay so far.

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
        """Return the line that is printed."""
        rate = self.sent / self.seconds if self.seconds else 0.0
        return (
            f"{self.done:,} of {self.total:,} trips  event clock {text_of(self.clock_ms)}"
            f"  {rate:,.0f} trips/s  lag {self.lag_seconds:.1f} s  in flight {self.in_flight:,}"
            f"  acknowledged to {text_of(self.acknowledged_ms)}"
        )


class Display(Protocol):
    """The output for progress."""

    def preparing(self, title: str, percent: float) -> None:
        """Show that a month is being sorted."""

    def replaying(self, report: Report) -> None:
        """Show that trips are being published."""


@dataclass
class Lines:
    """Plain lines, for logs."""

    console: Console
    _last_line: float = field(default_factory=time.monotonic)

    def preparing(self, title: str, percent: float) -> None:
        """Print a line every few seconds."""
        if self._is_time():
            self.console.print(f"preparing {title}: {percent:.0f} %")

    def replaying(self, report: Report) -> None:
        """Print a line every few seconds."""
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
        """Show the share of the work that DuckDB has done."""
        self.progress.update(self.task, description=f"preparing {title}", completed=percent, total=100)

    def replaying(self, report: Report) -> None:
        """Show the share of the trips that has been sent."""
        now = time.monotonic()
        if now - self._last_update >= SECONDS_BETWEEN_BAR_UPDATES:
            self._last_update = now
            self.progress.update(
                self.task, description=report.line, completed=report.done, total=report.total
            )


@contextmanager
def display_on(console: Console) -> Iterator[Display]:
    """Return the display for a terminal, or the one for logs."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (BarColumn(bar_width=20), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield ReplayBar(progress, progress.add_task("", total=100))


def watching(display: Display, interruption: Interruption) -> Callable[[str, float], None]:
    """Return a callback that shows the progress of a preparation, and ends it when the user stops."""

    def watch(title: str, percent: float) -> None:
        interruption.check()
        display.preparing(title, percent)

    return watch


def warning_on(console: Console) -> Callable[[str], None]:
    """Return a callback that prints warnings."""
    return lambda line: console.print(f"warning: {line}")
