"""### Months of the TLC into the processed history, by Spark

For an Airflow that stands beside no stack, as on AWS: `./taxi spark-run submit`, where the setting
`SPARK_BACKEND` says. The months' files are in `RAW_DATA` already (`./taxi fetch --to`), the history is in
`PROCESSED_DATA`. What is served from Postgres is not touched: that is `tlc_month_backfill`, beside a stack.

Spark replaces a month whole or not at all. A task that is tried again goes on with the run of Spark that its
first try has started.
"""

from datetime import timedelta

from airflow.sdk import DAG

from airflow_dags.months import months_params, task_defaults
from airflow_dags.operators.months import ProcessMonthsOperator

with DAG(
    dag_id="tlc_month_history",
    description="Replaces months of the processed history by what Spark makes of their files",
    doc_md=__doc__,
    schedule=None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["months"],
    default_args=task_defaults(timedelta(hours=6)),
    params=months_params(),
):
    ProcessMonthsOperator(task_id="process", taxi_type="{{ params.taxi_type }}", months="{{ params.months }}")
