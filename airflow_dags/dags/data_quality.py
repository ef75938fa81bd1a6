"""### Whether every record is accounted for

Daily: `./taxi audit` waits for a quiet point; an imbalance fails at once and alerts, while no quiet point is tried again.
`parity` then looks at the newest comparison of the last published month of each taxi type: nothing may be unexplained.
"""

from datetime import datetime, timedelta

from airflow.sdk import DAG

from airflow_dags.months import patient
from airflow_dags.notifiers.alert import AlertNotifier
from airflow_dags.operators.months import TaxiQueryOperator
from airflow_dags.operators.taxi import TaxiOperator

IMBALANCE = 1
"""The exit code of `./taxi audit` when records are lost."""

UNEXPLAINED = """
select (count(*) filter (where unexplained > 0) = 0)::int from (
    select distinct on (taxi_type) taxi_type, unexplained from taxi.parity_reports
    where month < to_char(now(), 'YYYY-MM')
    order by taxi_type, month desc, report desc
) as newest
"""

with DAG(
    dag_id="data_quality",
    description="Audits the accounts, and the parity of the last closed month",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow's default zone is meant
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["quality"],
    default_args={**patient(), "execution_timeout": timedelta(minutes=30), "on_failure_callback": AlertNotifier()},
):
    audit = TaxiOperator(task_id="audit", arguments=["audit", "--wait", "300"], fail_on=[IMBALANCE])
    parity = TaxiQueryOperator(
        task_id="parity",
        query=UNEXPLAINED,
        demand="the newest comparison of each taxi type's last month explains every difference",
    )
    audit >> parity
