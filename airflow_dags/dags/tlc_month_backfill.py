"""### Backfill one TLC month, from the file to the served tables

One run processes one month of one taxi type. Its logical date is the month, and the run is named after it:
`backfill__2023-10-01…`. The DAG starts paused, because its schedule fetches and publishes each new month.
Start a backfill with Airflow's command line:

    ./taxi airflow dags unpause tlc_month_backfill_green
    ./taxi airflow backfill create --dag-id tlc_month_backfill_green \\
        --from-date 2023-10-01 --to-date 2023-12-01

or on the DAG's page, or with `POST /api/v2/backfills`. The options `--reprocess-behavior`, `--run-backwards`
and `--dry-run` work as usual.

1. `available` waits until the TLC has published the month. Only a scheduled run waits; any other run is
   skipped at once. The log reports when the TLC has re-issued a month that is already present; set `refresh`
   to take the new file. It also refuses a backfill over an existing run in an Airflow before 3.2.2, which
   loses the backfill's parameters.
2. `ingest` fetches the file to `RAW_DATA`, where Spark reads it.
3. `process` runs `./taxi backfill`: Spark computes the month, the result is compared with the served rows
   and published in one transaction.
4. `parity` compares every served window with its trips.
5. `publish` emits the asset event that triggers the marts.

The setting `SPARK_BACKEND` selects where Spark runs: on this machine or on EMR. To use Flink instead, run
`kappa_reprocess`.

Every task is idempotent: it may be killed at any point and retried. A month is published once.
"""

from datetime import datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param

from airflow_dags.months import (
    POOL,
    PUBLISHED_MONTHS,
    TAXI_TYPES,
    WAITS_FOR_TLC,
    backfill_dag_id,
    month_parity,
    task_defaults,
)
from airflow_dags.operators.months import BackfillOperator, IngestMonthsOperator, TaxiQueryOperator
from airflow_dags.sensors.tlc import TlcMonthSensor
from schemas.tlc_month import FIRST_MONTH

# A backfill may take over a run that was triggered with a month of its own, and then keeps its parameters.
MONTH = (
    "{{ (params.month if dag_run.run_type not in ('backfill', 'scheduled') else '')"
    " or (dag_run.logical_date or dag_run.run_after).strftime('%Y-%m') }}"
)
FIRST_DAY = "timestamp '" + MONTH + "-01'"


def newest_run_is_published(taxi_type: str) -> str:
    """Return the query whose answer is 1 when the month's newest run was published."""
    return (
        f"select (state = 'published')::int from taxi.backfill_runs where taxi_type = '{taxi_type}'"
        f" and month = '{MONTH}' order by planned_at desc limit 1"
    )


def month_dag(taxi_type: str) -> DAG:
    """Build the DAG of one taxi type."""
    first = FIRST_MONTH[taxi_type]
    with DAG(
        dag_id=backfill_dag_id(taxi_type),
        description=f"Ingests, processes, compares and publishes one {taxi_type} month",
        doc_md=__doc__,
        # Not by intervals: Airflow would name the run of October after the first of November.
        schedule=CronTriggerTimetable("@monthly", timezone="UTC", run_immediately=True),
        start_date=datetime(first.year, first.month, 1),  # noqa: DTZ001 - Airflow's default zone is meant
        catchup=False,
        max_active_runs=4,
        is_paused_upon_creation=True,  # its schedule fetches and publishes months automatically
        tags=["months"],
        default_args=task_defaults(timedelta(hours=3)),
        params={
            "month": Param(
                "",
                type="string",
                pattern=r"^(\d{4}-\d{2})?$",
                description="Month like 2024-01 of a triggered run; a backfill's is its logical date",
            ),
            "refresh": Param(
                default=False, type="boolean", description="Replace the file if the TLC has re-issued it"
            ),
        },
    ) as dag:
        available = TlcMonthSensor(task_id=WAITS_FOR_TLC, taxi_type=taxi_type, month=MONTH)
        ingest = IngestMonthsOperator(
            task_id="ingest", taxi_type=taxi_type, months=MONTH, refresh="{{ params.refresh }}"
        )
        process = BackfillOperator(task_id="process", taxi_type=taxi_type, months=MONTH, pool=POOL)
        parity = TaxiQueryOperator(
            task_id="parity",
            query=month_parity(taxi_type, FIRST_DAY),
            demand="each served window is the sum of its trips",
        )
        publish = TaxiQueryOperator(
            task_id="publish",
            query=newest_run_is_published(taxi_type),
            demand="the newest run of the month is published",
            outlets=[PUBLISHED_MONTHS],
        )
        available >> ingest >> process >> parity >> publish
    return dag


for one in TAXI_TYPES:
    month_dag(one)
