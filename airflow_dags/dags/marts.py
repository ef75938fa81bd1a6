"""### Build the marts after months were published

Each published month triggers a run. `settled` waits until no month is being processed, and skips the run if
the marts already cover every published month. `build` then builds and tests the marts with `./taxi marts`. A
backfill of many months therefore builds the marts once.
"""

from datetime import timedelta

from airflow.sdk import DAG

from airflow_dags.months import PUBLISHED_MONTHS, TAXI_TYPES, WAITS_FOR_TLC, backfill_dag_id, task_defaults
from airflow_dags.operators.months import BuildMartsOperator, MonthsSettledSensor

with DAG(
    dag_id="marts",
    description="Builds and tests the dbt marts, once for all months of a backfill",
    doc_md=__doc__,
    schedule=[PUBLISHED_MONTHS],
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["marts"],
    default_args=task_defaults(timedelta(hours=2)),
):
    settled = MonthsSettledSensor(
        task_id="settled", dag_ids=[backfill_dag_id(one) for one in TAXI_TYPES], waits_in=WAITS_FOR_TLC
    )
    build = BuildMartsOperator(task_id="build")
    settled >> build
