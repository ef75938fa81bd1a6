"""### Watchdog of the Flink job

Every two minutes, `look` reads the verdict of `./taxi job status`: the job's state, the age of its last
checkpoint, its restarts and its watermark.

- **down**, which includes FAILED under a healthy JobManager: `heal` restarts the job with
  `./taxi job ensure`, up to three times an hour. After that, `alert` sends one alert.
- **degraded** for five minutes: `alert` sends one alert.

The stack's keeper checks every three seconds and usually restarts the job first. The two cannot conflict: the
one that restarts the job holds its lock, and the other then finds the job running, which uses no budget. The
watchdog continues after the keeper has given up, and alerts if restarts do not help. Neither touches a job
that was stopped on purpose.
"""

from datetime import datetime, timedelta

from airflow.sdk import DAG

from airflow_dags.notifiers.alert import AlertNotifier
from airflow_dags.operators.flink import DEFAULT_JOB
from airflow_dags.operators.watch import AlertOperator, FlinkEnsureOperator, FlinkWatchOperator

with DAG(
    dag_id="flink_job_watchdog",
    description="Restarts a Flink job that is down, and alerts if restarts do not help",
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
