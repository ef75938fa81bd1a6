"""The live display of `up`: a line for each service."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from schemas.errors import UserError
from stack.console import console

REDRAWS_PER_SECOND = 8


class StartupDisplay:
    """Display of healthy and waiting services, with time and reason; also resolves waits between services."""

    def __init__(self, names: Sequence[str]) -> None:
        self._started = time.monotonic()
        self._details: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._healthy = {name: threading.Event() for name in names}
        self._given_up = threading.Event()
        self._live = Live(
            get_renderable=self._table, console=console(), refresh_per_second=REDRAWS_PER_SECOND
        )

    def __enter__(self) -> "StartupDisplay":
        if console().is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if console().is_terminal:
            self._live.stop()

    def done(self, name: str, detail: str) -> None:
        """Mark the service as healthy."""
        self._details[name], self._seconds[name] = detail, time.monotonic() - self._started
        self._healthy[name].set()
        if not console().is_terminal:
            console().print(f"{name:18} {self._seconds[name]:5.1f} s  {detail}", highlight=False)

    def wait_for(self, name: str) -> None:
        """Return when the service is healthy; raise when it never will be."""
        while not self._healthy[name].wait(timeout=0.1):
            self.refuse_given_up(name)

    def is_done(self, name: str) -> bool:
        """Return whether the service is healthy."""
        return self._healthy[name].is_set()

    def show(self, name: str, reason: str) -> None:
        """Show what an unhealthy service is waiting for."""
        self._details[name] = reason

    def note(self, message: str) -> None:
        """Print a line about the wait, where no live table is shown."""
        if not console().is_terminal:
            console().print(message, highlight=False, markup=False)

    def refuse_given_up(self, name: str) -> None:
        """Raise UserError when another service has failed; it ends this service's wait."""
        if self._given_up.is_set():
            raise UserError(f"gave up waiting for {name}")

    def give_up(self) -> None:
        """End every thread's wait: a service failed, or the user pressed Ctrl-C."""
        self._given_up.set()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, healthy in self._healthy.items():
            waited = self._seconds.get(name, time.monotonic() - self._started)
            mark = "[green]✓[/]" if healthy.is_set() else "[yellow]…[/]"
            table.add_row(mark, name, f"{waited:5.1f} s", escape(self._details.get(name, "")))
        return table
