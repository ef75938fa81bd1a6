"""### Check that every record is accounted for

Runs daily. `audit` runs `./taxi audit`, which waits for a quiet point. If records are lost, the task fails at
once and alerts. If there is no quiet point, the task is retried. The `parity` tasks then compare, for the
last published month of each taxi type, every served window with its trips.

The DAG starts paused. To start it: `./taxi airflow dags unpause data_quality`.
"""

from datetime import datetime, timedelta

from airflow.sdk import DAG

from airflow_dags.months import TAXI_TYPES, month_parity, task_defaults
from airflow_dags.operators.months import TaxiQueryOperator
from airflow_dags.operators.taxi import TaxiOperator

IMBALANCE = 1
"""The exit code of `./taxi audit` when records are lost."""

LAST_CLOSED = (
    "(select to_date(max(month), 'YYYY-MM')::timestamp from taxi.backfill_runs"
    " where state = 'published' and month < to_char(now() at time zone 'UTC', 'YYYY-MM')"
    " and taxi_type = '{}')"
)

with DAG(
    dag_id="data_quality",
    description="Audits the record counts, and compares the last published windows with their trips",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow's default zone is meant
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,  # before the first deploy there are no counts to audit
    tags=["quality"],
    default_args=task_defaults(timedelta(minutes=30)),
):
    audit = TaxiOperator(task_id="audit", arguments=["audit", "--wait", "300"], fail_on=[IMBALANCE])
    parities = [
        TaxiQueryOperator(
            task_id=f"parity_{taxi_type}",
            query=month_parity(taxi_type, LAST_CLOSED.format(taxi_type)),
            demand=f"each served window of the last {taxi_type} month is the sum of its trips",
            trigger_rule="all_done",
        )
        for taxi_type in TAXI_TYPES
    ]
    audit >> parities
