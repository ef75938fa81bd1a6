"""Run the platform's own commands as a user runs them."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread

GRACE_SECONDS = 15


@dataclass(frozen=True)
class CommandResult:
    """The exit code of a command, its standard output, and its output including standard error."""

    code: int
    output: str
    combined_output: str

    @property
    def last_line(self) -> str:
        """Return the last line of the output: third-party programs report their result there."""
        return (self.output.strip().splitlines() or [""])[-1]

    @property
    def error_message(self) -> str:
        """Return the error line of a failed command."""
        errors = [line for line in self.combined_output.splitlines() if line.startswith("error: ")]
        return (errors or self.combined_output.splitlines() or [""])[-1].removeprefix("error: ")


class TaxiCommand:
    """One `./taxi …` process: its messages go to the log as they come, and it can be ended."""

    def __init__(self, program: str, arguments: Sequence[str], log: Callable[[str], None]) -> None:
        self._command = [program, *arguments]
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []

    def run(self) -> CommandResult:
        """Run the command to its end."""
        self._log(f"./taxi {' '.join(self._command[1:])}")
        with subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as self._process:
            listener = Thread(target=self._listen, daemon=True)
            listener.start()
            output = self._process.stdout.read() if self._process.stdout else ""
            listener.join()
            code = self._process.wait()
        return CommandResult(code, output, "\n".join(self._lines))

    def end(self) -> None:
        """End the process tree, then kill what is left of it: the command can be run again after either."""
        if self._process is None or self._process.poll() is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None  # noqa: S101 - for mypy
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _listen(self) -> None:
        assert self._process is not None  # noqa: S101 - for mypy
        for line in self._process.stderr or ():
            if text := line.rstrip():
                self._lines.append(text)
                self._log(text)
