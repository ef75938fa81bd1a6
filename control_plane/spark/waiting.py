"""Waits for the end of a run, and finds the reason of a failure."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from control_plane.spark.spark_backend import RunLogs, RunState, SparkBackend, SparkRun
from schemas.aws import TransientAwsError
from schemas.errors import UserError
from stack.toolchain.java import innermost_cause
from stack.waiting import Polling, StalledError, wait_until

POLL_SECONDS = 3.0
SILENT_SECONDS = 900.0
LOG_SECONDS = 20.0


def wait(
    spark: SparkBackend,
    run_id: str,
    *,
    seconds: float,
    every: float = POLL_SECONDS,
    on_message: Callable[[str], None] = lambda _: None,
) -> SparkRun:
    """Wait for the run to end; return it with its error line. A lost connection is retried."""
    try:
        return explained(
            spark, _ended(spark, run_id, seconds=seconds, every=every, on_message=on_message), every
        )
    except KeyboardInterrupt:
        on_message(f"{run_id} is still running: {_follow_up_commands(spark, run_id)}")
        raise


def explained(spark: SparkBackend, run: SparkRun, every: float = POLL_SECONDS) -> SparkRun:
    """Add the log line with the reason of a failure; logs reach S3 some time after the end."""
    if run.state is not RunState.FAILED:
        return run
    lines: list[str | None] = []

    def is_there() -> bool:
        lines.append(_error_line_of(spark, run.run_id))
        return lines[-1] != ""

    with suppress(StalledError):
        wait_until(is_there, what="the log of the run", stalled_seconds=LOG_SECONDS, polling=Polling(every))
    return replace(run, detail=lines[-1] or run.detail)


def error_line(logs: RunLogs) -> str:
    """Return the job's own error message; empty where the logs have none."""
    lines = [line.strip() for line in (*logs.stdout.splitlines(), *logs.stderr.splitlines())]
    failures = [line.partition(": ")[2] for line in lines if line.startswith(("failed: ", "error: "))]
    return "; ".join(_json_errors(logs.stdout) or failures) or innermost_cause(logs.stderr)


def _error_line_of(spark: SparkBackend, run_id: str) -> str | None:
    """Return the error line, empty while the logs are missing; None where they are not available."""
    try:
        return error_line(spark.logs(run_id))
    except UserError:
        return None


def month_summaries(stdout: str) -> list[dict[str, Any]]:
    """Parse the summaries of months that a run with `--json` prints; empty when it failed before.

    Spark prints the log lines of its Python processes first.
    """
    try:
        months: list[dict[str, Any]] = json.loads(stdout[stdout.index("{\n") :])["months"]
    except (ValueError, KeyError, TypeError):
        return []
    return months


def _json_errors(stdout: str) -> list[str]:
    months = month_summaries(stdout)
    return [f"{one['taxi_type']} {one['month']}: {one['error']}" for one in months if one.get("error")]


def _ended(
    spark: SparkBackend, run_id: str, *, seconds: float, every: float, on_message: Callable[[str], None]
) -> SparkRun:
    watch = _RunWatch(spark, run_id, seconds, on_message)
    return wait_until(
        watch.ended,
        what=f"the state of {run_id}",
        progress=lambda: watch.answers,
        stalled_seconds=SILENT_SECONDS,
        on_waiting=lambda _: None,  # users see changes of its state instead
        polling=Polling(every),
    )


class _RunWatch:
    """An unfinished run with a time limit."""

    def __init__(
        self, spark: SparkBackend, run_id: str, seconds: float, on_message: Callable[[str], None]
    ) -> None:
        self._spark, self._run_id, self._on_message = spark, run_id, on_message
        self._seconds, self._limit = seconds, time.monotonic() + seconds
        self._shown, self._links_reported = "", False
        self.answers = 0

    def ended(self) -> SparkRun | None:
        """Return the run when it has ended; raises UserError when its time is over."""
        if time.monotonic() > self._limit:
            raise UserError(
                f"{self._run_id} is still running after {self._seconds:.0f} s",
                _follow_up_commands(self._spark, self._run_id),
            )
        try:
            run = self._spark.state(self._run_id)
        except TransientAwsError as silence:
            self._show(f"{RunState.RUNNING.value} ({silence.message}; waiting)")
            raise
        self.answers += 1
        if run.state.has_ended:
            return run
        self._show(f"{run.state.value}{f' ({run.detail})' if run.detail else ''}")
        if run.state is RunState.RUNNING and not self._links_reported:
            self._links_reported = _report_links(self._spark, self._run_id, self._on_message)
        return None

    def _show(self, state: str) -> None:
        if state != self._shown:
            self._on_message(f"{self._run_id}: {state}")
        self._shown = state


def _report_links(spark: SparkBackend, run_id: str, on_message: Callable[[str], None]) -> bool:
    """Report the pages of a run once; a service that has none yet is not asked again."""
    with suppress(UserError):
        for name, link in spark.links(run_id).items():
            on_message(f"{name}: {link}")
    return True


def _follow_up_commands(spark: SparkBackend, run_id: str) -> str:
    on = spark.place.value
    return (
        f"run ./taxi spark-run status {run_id} --on {on} to see its state,"
        f" or ./taxi spark-run cancel {run_id} --on {on} to cancel it"
    )
