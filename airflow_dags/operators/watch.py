"""Run the watchdog's tasks."""

import json
import time
from typing import Any

from airflow.sdk import BaseOperator, Variable

from airflow_dags.airflow_names import AirflowSkipException, BaseBranchOperator
from airflow_dags.hooks.taxi import TaxiCommand
from airflow_dags.notifiers.alert import AlertNotifier
from airflow_dags.operators.flink import RESTARTED, FlinkJobOperator
from airflow_dags.settings import AirflowSettings
from airflow_dags.watch import WatchdogState, decide

STOPPED = "is not meant to run"


def state_variable(job: str) -> str:
    """Return the name of the Airflow variable that holds the watchdog's state."""
    return f"flink_job_watchdog.{job}"


def load_state(job: str) -> WatchdogState:
    """Load the state of earlier checks."""
    return WatchdogState.of_json(Variable.get(state_variable(job), default=None, deserialize_json=True))


def save_state(job: str, memory: WatchdogState) -> None:
    """Save the state for the next check."""
    Variable.set(state_variable(job), memory.as_json(), serialize_json=True)


class FlinkWatchOperator(BaseBranchOperator):
    """A task that checks a job, and chooses between the tasks `heal` and `alert`, or neither.

    :param job: the job's name
    """

    def __init__(self, *, job: str, **options: Any) -> None:
        super().__init__(**options)
        self.job = job

    def choose_branch(self, context: Any) -> list[str]:
        """Read the verdict, decide, save the state."""
        words = ["job", "status", self.job, "--json"]
        result = TaxiCommand(AirflowSettings.from_environment().taxi_command, words, self.log.info).run()
        if not result.output.strip():
            # Without the stack or Flink the watchdog cannot help: service supervision and people handle that.
            raise RuntimeError(result.error_message or "./taxi job status printed nothing; see the log above")
        decision = decide(json.loads(result.output), load_state(self.job), time.time())
        self.log.info("%s: %s", decision.action, decision.reason)
        save_state(self.job, decision.memory)
        context["ti"].xcom_push("reason", decision.reason)
        return [] if decision.action == "nothing" else [decision.action]


class FlinkEnsureOperator(FlinkJobOperator):
    """A task that restarts a lost job, and counts the attempt.

    A job that was stopped on purpose is left alone.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(verb="ensure", **options)

    def execute(self, context: Any) -> Any:
        """Run ensure; while the keeper restarts the job, the command waits and then finds it running."""
        result = self.run_command(["job", "ensure", self.job, "--json"])
        if STOPPED in result.error_message:
            raise AirflowSkipException(result.error_message)
        if result.code != 0:  # a failed attempt counts too
            save_state(self.job, load_state(self.job).healed(time.time()))
        if result.code != RESTARTED:
            self.check_result(result)
        return json.loads(result.output)["action"]


class AlertOperator(BaseOperator):
    """A task that sends an alert with the reason why the watchdog chose this task.

    :param text: what happened (templated)
    """

    template_fields = ("text",)

    def __init__(self, *, text: str, **options: Any) -> None:
        super().__init__(**options)
        self.text = text

    def execute(self, context: Any) -> str:
        """Send it to every channel."""
        AlertNotifier(text=self.text).notify(context)
        return self.text
