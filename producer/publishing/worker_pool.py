"""Publish several lanes at once, each in a process of its own."""

import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import connection, parent_process, process, reduction
from typing import IO, Any

from confluent_kafka import KafkaException

from producer.errors import StoppedByUser, UserError
from producer.interruption import SIGNALS
from producer.publishing.lanes import Check, LaneRun, ReplayWork, Tick, Warn, reason_of
from producer.publishing.publisher import Lane
from producer.publishing.shared_progress import SPAWNING, SharedProgress

POLL_SECONDS = 0.1


class WorkerPool:
    """One process per lane.

    All hold the replay's lock, so that no other replay starts while one still sends.
    """

    def __init__(
        self, work: ReplayWork, progress: SharedProgress, lanes: Sequence[Lane], lock: IO[str]
    ) -> None:
        self._progress = progress
        self._reports: dict[process.BaseProcess, connection.Connection] = {}
        for number, lane in enumerate(lanes):
            inbox, outbox = SPAWNING.Pipe(duplex=False)
            run = LaneRun(work, progress, number, lane)
            worker = SPAWNING.Process(
                target=_publish, args=(run, progress, outbox, _Inherited(lock)), daemon=True
            )
            worker.start()
            outbox.close()
            self._reports[worker] = inbox

    def run(self, warn: Warn, check: Check, tick: Tick) -> None:
        """Wait for all processes; the first failure, or a request to stop, ends the others cleanly."""
        failure: Exception | None = None
        while self._reports:
            tick()
            try:
                check()
            except StoppedByUser as stop:
                failure = failure or stop
            for worker, inbox in self._ready():
                heard = self._message_from(worker, inbox, warn)
                failure = failure or heard
            if failure:
                self._progress.stop()
        if failure:
            raise failure

    def _ready(self) -> list[tuple[process.BaseProcess, connection.Connection]]:
        ready = connection.wait(list(self._reports.values()), POLL_SECONDS)
        return [(worker, inbox) for worker, inbox in self._reports.items() if inbox in ready]

    def _message_from(
        self, worker: process.BaseProcess, inbox: connection.Connection, warn: Warn
    ) -> Exception | None:
        """Return a process's message: a warning, or how it ended. A killed process sends none."""
        try:
            kind, text = inbox.recv()
        except EOFError:
            kind, text = "failed", "a publishing process was killed"
        if kind == "warning":
            warn(text)
            return None
        worker.join()
        del self._reports[worker]
        return UserError(text) if kind == "failed" else None


class _Inherited:
    """An open file that a started process inherits together with its lock."""

    def __init__(self, file: IO[str]) -> None:
        self._descriptor = file.fileno()

    def __getstate__(self) -> Any:
        return reduction.DupFd(self._descriptor)

    def __setstate__(self, duplicate: Any) -> None:
        self._descriptor = duplicate.detach()


def _publish(
    run: LaneRun, progress: SharedProgress, outbox: connection.Connection, _lock: _Inherited
) -> None:
    """Run one process; its parent handles signals, and sets the stop flag in the shared progress."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)

    def check() -> None:
        parent = parent_process()
        if parent is None or not parent.is_alive():
            raise SystemExit(1)  # no process is left to record what arrives
        if progress.is_stopping:
            raise StoppedByUser("stopped")

    def warn(line: str) -> None:
        outbox.send(("warning", line))

    with suppress(BrokenPipeError):  # the parent has died
        outbox.send(_ended(run, warn, check))


def _ended(run: LaneRun, warn: Warn, check: Check) -> tuple[str, str]:
    """Publish the lane; return how that ended, and why."""
    try:
        run.run(warn, check, lambda: None)
    except StoppedByUser:
        return "stopped", ""
    except (UserError, KafkaException) as error:
        return "failed", reason_of(error)
    return "done", ""
