"""Start the programs of a benchmark, and end them with all that they have started."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil

GRACE_SECONDS = 10


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], output: Path, folder: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program whose output goes to a file; it ends with this context."""
    with output.open("wb") as stream:
        # In a session of its own: Ctrl-C reaches this process only, which then ends the others in order.
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Terminate a process and its descendants, then kill those that are left."""
    try:
        root = psutil.Process(process.pid)
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        members = []
    for member in members:
        _signal(member, signal.SIGTERM)
    _, alive = psutil.wait_procs(members, timeout=GRACE_SECONDS)
    for member in alive:
        _signal(member, signal.SIGKILL)
    process.wait()


def interrupt_on_termination() -> None:
    """Make SIGTERM end this process as Ctrl-C does: with every program that it has started."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
