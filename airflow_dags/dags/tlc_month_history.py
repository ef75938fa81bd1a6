"""### Process TLC months into the history with Spark

Runs on request, for an Airflow without a stack on the same machine, as on AWS. It runs `./taxi spark-run
submit`; the setting `SPARK_BACKEND` selects where Spark runs. The files of the months must be in `RAW_DATA`
already (`./taxi fetch --to`). The history is written to `PROCESSED_DATA`. The tables in Postgres are not
touched; `tlc_month_backfill` replaces those.

Spark replaces a month completely or not at all. A retried task continues with the Spark run that its first
attempt started.
"""

from datetime import timedelta

from airflow.sdk import DAG

from airflow_dags.months import months_params, task_defaults
from airflow_dags.operators.months import ProcessMonthsOperator

with DAG(
    dag_id="tlc_month_history",
    description="Processes months with Spark, and replaces them in the processed history",
    doc_md=__doc__,
    schedule=None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["months"],
    default_args=task_defaults(timedelta(hours=6)),
    params=months_params(),
):
    ProcessMonthsOperator(task_id="process", taxi_type="{{ params.taxi_type }}", months="{{ params.months }}")
