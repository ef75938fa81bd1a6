"""### Reprocess months with the Flink SQL of the live job

Runs on request. `./taxi reprocess` computes the chosen months while the live job keeps running. It compares
the result with the served rows, then publishes it in one transaction.

The run is idempotent: if the same files are already published, it changes nothing. A result that would
withdraw more than 5 % of a month is refused, unless `force` is set.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_dags.months import POOL, PUBLISHED_MONTHS, months_params, task_defaults
from airflow_dags.operators.months import FetchMonthsOperator, ReprocessOperator

with DAG(
    dag_id="kappa_reprocess",
    description="Reprocesses chosen months with the SQL of the live job, and replaces the served rows",
    doc_md=__doc__,
    schedule=None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["months"],
    default_args=task_defaults(timedelta(hours=6)),
    params={
        **months_params(),
        "force": Param(
            False, type="boolean", description="Publish even if it withdraws more than 5 % of a month"
        ),
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
