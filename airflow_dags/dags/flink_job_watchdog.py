"""### The watchdog of the Flink job

Every two minutes it reads the verdict of `./taxi job status`: the job's state, the age of its checkpoints,
its restarts, its watermark. A job that is **down**, also one that FAILED under a healthy JobManager, is
brought back by `./taxi job ensure`, three times an hour; then people are told, once. A job that is
**degraded** for five minutes is told too.

The stack's keeper looks every three seconds and is mostly there first. The two cannot fight: whoever brings
the job back holds its lock, and the other then finds it there, which costs no budget. The watchdog goes on
where the keeper has given up, and alerts where neither helps. A job that was stopped on purpose is left
alone by both.
"""

from datetime import datetime, timedelta

from airflow.sdk import DAG

from airflow_dags.notifiers.alert import AlertNotifier
from airflow_dags.operators.flink import DEFAULT_JOB
from airflow_dags.operators.watch import AlertOperator, FlinkEnsureOperator, FlinkWatchOperator

with DAG(
    dag_id="flink_job_watchdog",
    description="Brings a lost Flink job back, and tells people when that does not help",
    doc_md=__doc__,
    schedule="*/2 * * * *",
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow's default zone is meant
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(minutes=15),
    tags=["flink"],
    default_args={"execution_timeout": timedelta(minutes=12), "on_failure_callback": AlertNotifier()},
):
    look = FlinkWatchOperator(task_id="look", job=DEFAULT_JOB, retries=1, retry_delay=timedelta(seconds=10))
    heal = FlinkEnsureOperator(task_id="heal", job=DEFAULT_JOB)
    alert = AlertOperator(
        task_id="alert", text=f"{DEFAULT_JOB}: {{{{ ti.xcom_pull('look', key='reason') }}}}"
    )
    look >> [heal, alert]
