"""Send alerts: to the log always, by webhook and by SNS where a connection is set."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from airflow.sdk import BaseNotifier

from airflow_dags.airflow_names import BaseHook
from airflow_dags.settings import AirflowSettings

TIMEOUT_SECONDS = 10


class AlertNotifier(BaseNotifier):
    """An alert.

    A channel that fails is logged, and the others are still tried: a failed channel must not hide the alert.

    :param text: what happened (templated); empty: which task failed, and why
    """

    template_fields: Sequence[str] = ("text",)

    def __init__(self, *, text: str = "") -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Mapping[str, Any]) -> None:
        """Send the alert to every channel."""
        settings = AirflowSettings.from_environment()
        text = self.text or failure_text(context)
        self.log.error("ALERT %s", text)
        channels = ((settings.webhook_conn_id, self._by_webhook), (settings.sns_conn_id, self._by_sns))
        for conn_id, send_alert in channels:
            if not conn_id:
                continue
            try:
                send_alert(conn_id, text)
            except Exception:
                self.log.exception("cannot send the alert to connection %s; check the connection", conn_id)

    def _by_webhook(self, conn_id: str, text: str) -> None:
        # A webhook's URL is its secret, so the whole URL is stored as the connection's password.
        connection = BaseHook.get_connection(conn_id)
        url = connection.password or connection.get_uri()
        httpx.post(url, json={"text": text}, timeout=TIMEOUT_SECONDS).raise_for_status()

    def _by_sns(self, conn_id: str, text: str) -> None:
        from airflow.providers.amazon.aws.hooks.sns import SnsHook  # noqa: PLC0415 - else each parse of a DAG would wait for boto3

        topic = AirflowSettings.from_environment().sns_topic_arn
        SnsHook(aws_conn_id=conn_id).publish_to_target(topic, text, subject="NYC taxi platform")


def failure_text(context: Mapping[str, Any]) -> str:
    """Return which task failed, in which run, and why."""
    ti = context.get("ti")
    if ti is None:
        return str(context.get("reason", "a task failed"))
    reason = str(context.get("exception") or context.get("reason") or "see its log").splitlines()[0]
    return f"{ti.dag_id}.{ti.task_id} failed in {ti.run_id}: {reason}"
