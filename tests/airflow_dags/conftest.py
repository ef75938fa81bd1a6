"""The session's stack with Airflow, for as long as a module needs it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane import start
from stack import lifecycle
from stack.endpoints import Endpoints
from stack.settings import StackSettings
from tests.airflow_dags.airflow_server import SMALL_MONTH, Airflow, synthetic_month
from tests.airflow_dags.sns import SnsTopic, sns_topic
from tests.airflow_dags.webhook import Webhook, webhook
from tests.producer.tlc_site import tlc_site


@pytest.fixture(scope="session")
def months_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Airflow's tasks find months: a small one."""
    folder = tmp_path_factory.mktemp("months")
    synthetic_month(folder, SMALL_MONTH, rows=2_000)
    return folder


@pytest.fixture(scope="session")
def alert_webhook() -> Iterator[Webhook]:
    """Who is told of trouble."""
    with webhook() as receiver:
        yield receiver


@pytest.fixture(scope="package")
def topic() -> Iterator[SnsTopic]:
    """The same people, by another channel."""
    with sns_topic() as found:
        yield found


@pytest.fixture(scope="package")
def airflow(
    stack: Endpoints,
    stack_settings: StackSettings,
    months_folder: Path,
    alert_webhook: Webhook,
    topic: SnsTopic,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Airflow]:
    """Airflow on the session's stack, before a TLC that has published nothing else."""
    lineage = tmp_path_factory.mktemp("lineage") / "events"
    with tlc_site({}) as site:
        variables = {
            "TLC_DATA_DIR": str(months_folder),
            "TLC_BASE_URL": site.base_url,
            "OPENLINEAGE_TO": str(lineage),
            "TAXI_ALERTS_WEBHOOK_CONN_ID": "people",
            "AIRFLOW_CONN_PEOPLE": json.dumps({"conn_type": "http", "password": alert_webhook.url}),
            "TAXI_ALERTS_SNS_CONN_ID": "amazon",
            "TAXI_ALERTS_SNS_TOPIC_ARN": topic.arn,
            "AIRFLOW_CONN_AMAZON": topic.connection,
        }
        settings = replace(stack_settings, forwarded_variables=variables)
        try:
            with Airflow.of(start.up(settings, extras=["airflow"])) as airflow:
                yield airflow
        finally:
            lifecycle.leave_out(settings, ["airflow"])
