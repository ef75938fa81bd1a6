"""Wait for a Flink job without holding a worker."""

import time
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator

from airflow_dags.hooks.flink import FlinkRestHook
from airflow_dags.operators.flink import DEFAULT_JOB, FlinkDashboardLink
from airflow_dags.triggers.flink import FlinkJobTrigger


class JobNotFoundError(Exception):
    """The job did not reach the wanted state; the text gives the last observed state."""


class FlinkJobSensor(BaseOperator):
    """A sensor that waits until the job runs with all its tasks and a checkpoint, or until it is gone.

    :param job: the job's name (templated)
    :param gone_when: an action after which the job is to be gone: "stop" (templated value: `action`)
    :param action: what was done to the job (templated)
    :param wait_seconds: how long
    """

    template_fields: Sequence[str] = ("job", "action")
    operator_extra_links = (FlinkDashboardLink(),)
    ui_color = "#9bc1bc"

    def __init__(
        self,
        *,
        job: str = DEFAULT_JOB,
        action: str = "",
        gone_when: str = "stop",
        wait_seconds: float = 180,
        flink_conn_id: str = FlinkRestHook.default_conn_name,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.job = job
        self.action = action
        self.gone_when = gone_when
        self.wait_seconds = wait_seconds
        self.flink_conn_id = flink_conn_id

    def execute(self, context: Any) -> None:
        """Wait in the triggerer."""
        self.defer(
            trigger=FlinkJobTrigger(
                flink_conn_id=self.flink_conn_id,
                job=self.job,
                wanted=self.action != self.gone_when,
                until=time.time() + self.wait_seconds,
            ),
            method_name="resume",
        )

    def resume(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Return the observed state; raises on a timeout."""
        if event["state"] == "late":
            wanted = "be gone" if self.action == self.gone_when else "run"
            raise JobNotFoundError(
                f"timed out after {self.wait_seconds:.0f} s waiting for job {self.job} to {wanted}:"
                f" {event['reason']}"
            )
        return event
