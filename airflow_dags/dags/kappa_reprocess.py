"""### Months once more through the same Flink SQL

`./taxi reprocess` of chosen months, beside the live job: compared with what is served, then published in
one transaction. The same files are the same run: again, it does nothing. `force` also withdraws more than 5
% of a month.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_dags.months import POOL, PUBLISHED_MONTHS, months_params, task_defaults
from airflow_dags.operators.months import FetchMonthsOperator, ReprocessOperator

with DAG(
    dag_id="kappa_reprocess",
    description="Replaces chosen months by what the live job's SQL makes of their files",
    doc_md=__doc__,
    schedule=None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["months"],
    default_args=task_defaults(timedelta(hours=6)),
    params={
        **months_params(),
        "force": Param(False, type="boolean", description="Also withdraw a great part of a month"),
    },
):
    fetch = FetchMonthsOperator(
        task_id="fetch", taxi_type="{{ params.taxi_type }}", months="{{ params.months }}"
    )
    reprocess = ReprocessOperator(
        task_id="reprocess",
        files=fetch.output,
        options_given=["--yes", "{{ '--force' if params.force else '' }}"],
        pool=POOL,
        outlets=[PUBLISHED_MONTHS],
    )
    fetch >> reprocess
