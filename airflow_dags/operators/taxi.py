"""Run a command of the platform as a task."""

import json
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator

from airflow_dags.airflow_names import AirflowFailException, AirflowSkipException
from airflow_dags.hooks.taxi import CommandResult, TaxiCommand
from airflow_dags.settings import AirflowSettings


class TaxiCommandError(Exception):
    """A command failed; the text is its error line."""


class TaxiOperator(BaseOperator):
    """A task that runs `./taxi …`.

    A command may be killed at any point and run again, so a retry is always safe.

    :param arguments: the arguments of `./taxi`; empty ones are left out. (templated)
    :param skip_on: exit codes that skip the task
    :param fail_on: exit codes that fail it at once, because another try would change nothing
    :param reads_json: whether the output is JSON, to return as parsed data
    """

    template_fields: Sequence[str] = ("arguments",)
    ui_color = "#f7d038"

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        skip_on: Sequence[int] = (),
        fail_on: Sequence[int] = (),
        reads_json: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.arguments = list(arguments)
        self.skip_on = tuple(skip_on)
        self.fail_on = tuple(fail_on)
        self.reads_json = reads_json
        self._running: TaxiCommand | None = None

    def execute(self, context: Any) -> Any:
        """Run the command; return what it printed."""
        result = self.run_command(self.arguments)
        self.check_result(result)
        return json.loads(result.output) if self.reads_json else result.output.strip()

    def run_command(self, arguments: Sequence[str]) -> CommandResult:
        """Run a command that `on_kill` can end."""
        words = [str(word) for word in arguments if str(word)]
        self._running = TaxiCommand(AirflowSettings.from_environment().taxi_command, words, self.log.info)
        result = self._running.run()
        if result.output and not self.reads_json:
            self.log.info("output:\n%s", result.output.rstrip())
        return result

    def check_result(self, result: CommandResult) -> None:
        """Raise for an exit code that reports a failure."""
        reason = result.error_message or result.last_line or f"exit code {result.code}"
        if result.code in self.skip_on:
            raise AirflowSkipException(reason)
        if result.code in self.fail_on:
            raise AirflowFailException(reason)
        if result.code != 0:
            raise TaxiCommandError(reason)

    def on_kill(self) -> None:
        """End the command with its task."""
        if self._running:
            self._running.end()
