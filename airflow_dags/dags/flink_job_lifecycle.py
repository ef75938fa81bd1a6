"""### Deploy, upgrade, roll back or stop a Flink job

Runs on request. Trigger it with an **action**: `deploy`, `upgrade`, `savepoint`, `rollback` or `stop`. For
`deploy` and `upgrade`, also choose a **release**: the number of a kept release (`./taxi job releases`), or
the path of a source tree. If it is empty, the stack's own tree is deployed.

Every task is idempotent: it may be killed at any point and retried. `./taxi job` first cleans up after a
killed command: it starts nothing twice and continues from the savepoint that was taken. A retried savepoint
is the same savepoint, because its trigger id is the same. A retried rollback does not go back one more
release. Only one run is active at a time.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param, task

from airflow_dags.notifiers.alert import AlertNotifier
from airflow_dags.operators.flink import (
    DEFAULT_JOB,
    FlinkDeployOperator,
    FlinkRollbackOperator,
    FlinkSavepointOperator,
    FlinkStopOperator,
    FlinkUpgradeOperator,
)
from airflow_dags.operators.request import CheckRequestOperator
from airflow_dags.sensors.flink import FlinkJobSensor

ACTIONS = ["deploy", "upgrade", "savepoint", "rollback", "stop"]
JOB = "{{ params.job }}"
RELEASE = "{{ params.release }}"
BEFORE = "{{ ti.xcom_pull('check', key='current_release') }}"

with DAG(
    dag_id="flink_job_lifecycle",
    description="Deploys, upgrades, rolls back and stops a Flink job",
    doc_md=__doc__,
    schedule=None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["flink"],
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "execution_timeout": timedelta(minutes=20),
        "on_failure_callback": AlertNotifier(),
    },
    params={
        "action": Param("deploy", enum=ACTIONS, description="The action to run"),
        "release": Param(
            "",
            type="string",
            description="Number of a release, or path of a source tree; empty: the stack's tree",
        ),
        "job": Param(DEFAULT_JOB, type="string", pattern=r"^[a-z_]+(-\d+)?$", description="Name of the job"),
    },
):
    check = CheckRequestOperator(
        task_id="check", action="{{ params.action }}", release=RELEASE, job=JOB, actions=ACTIONS
    )

    @task.branch
    def choose(params: dict[str, str]) -> str:
        """Return the task for the requested action."""
        return params["action"]

    tasks_of_actions = [
        FlinkDeployOperator(task_id="deploy", job=JOB, release=RELEASE),
        FlinkUpgradeOperator(task_id="upgrade", job=JOB, release=RELEASE),
        FlinkSavepointOperator(task_id="savepoint", job=JOB),
        FlinkRollbackOperator(task_id="rollback", job=JOB, from_release=BEFORE),
        FlinkStopOperator(task_id="stop", job=JOB),
    ]
    settled = FlinkJobSensor(
        task_id="settled",
        job=JOB,
        action="{{ params.action }}",
        trigger_rule="none_failed_min_one_success",
    )
    check >> choose() >> tasks_of_actions >> settled
