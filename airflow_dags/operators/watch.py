"""The watchdog's tasks."""

import json
import time
from typing import Any

from airflow.sdk import BaseOperator, Variable

from airflow_dags.airflow_names import AirflowSkipException, BaseBranchOperator
from airflow_dags.hooks.taxi import TaxiCommand
from airflow_dags.notifiers.alert import AlertNotifier
from airflow_dags.operators.flink import BROUGHT_BACK, FlinkJobOperator
from airflow_dags.settings import Settings
from airflow_dags.watch import Memory, decide

STOPPED = "is not meant to run"


def memory_name(job: str) -> str:
    """The Airflow variable in which the watchdog remembers."""
    return f"flink_job_watchdog.{job}"


def recall(job: str) -> Memory:
    """What it knows from earlier looks."""
    return Memory.of_json(Variable.get(memory_name(job), default=None, deserialize_json=True))


def remember(job: str, memory: Memory) -> None:
    """Keep it for the next look."""
    Variable.set(memory_name(job), memory.as_json(), serialize_json=True)


class FlinkWatchOperator(BaseBranchOperator):
    """Looks at a job, and chooses between the tasks `heal` and `alert`, or none of them.

    :param job: the job's name
    """

    def __init__(self, *, job: str, **options: Any) -> None:
        super().__init__(**options)
        self.job = job

    def choose_branch(self, context: Any) -> list[str]:
        """Read the verdict, decide, remember."""
        words = ["job", "status", self.job, "--json"]
        answer = TaxiCommand(Settings.from_environment().taxi_command, words, self.log.info).run()
        if not answer.output.strip():
            # No stack, no Flink: that is for the parts' own supervision, and for people.
            raise RuntimeError(answer.said or "./taxi job status said nothing")
        decision = decide(json.loads(answer.output), recall(self.job), time.time())
        self.log.info("%s: %s", decision.deed, decision.reason)
        remember(self.job, decision.memory)
        context["ti"].xcom_push("reason", decision.reason)
        return [] if decision.deed == "nothing" else [decision.deed]


class FlinkEnsureOperator(FlinkJobOperator):
    """Brings a lost job back, and counts it; one that was stopped on purpose is left alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(verb="ensure", **options)

    def execute(self, context: Any) -> Any:
        """Ensure; while the keeper is at it, the command waits and then finds the job there."""
        answer = self.run_command(["job", "ensure", self.job, "--json"])
        if STOPPED in answer.said:
            raise AirflowSkipException(answer.said)
        if answer.code != 0:  # an attempt in vain counts too
            remember(self.job, recall(self.job).healed(time.time()))
        if answer.code != BROUGHT_BACK:
            self.judge(answer)
        return json.loads(answer.output)["action"]


class AlertOperator(BaseOperator):
    """Tells people why the watchdog has chosen this task.

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
