"""### A month of the TLC, from its file to the served tables

One run is one month of one taxi type, by its logical date, and is named after it: `backfill__2023-10-01…`.
It starts paused, because its schedule fetches and publishes each new month. Made for Airflow's own backfill:

    ./taxi airflow dags unpause tlc_month_backfill_green
    ./taxi airflow backfill create --dag-id tlc_month_backfill_green \\
        --from-date 2023-10-01 --to-date 2023-12-01

or by the page, or `POST /api/v2/backfills`. Options `--reprocess-behavior`, `--run-backwards`, `--dry-run`
as usual.

`available` waits for the TLC in a scheduled run, and skips at once in any other; it says so when the TLC has
re-issued a month that is here, which the parameter `refresh` takes. `ingest` brings the file to
where Spark reads it, `process` has Spark compute the month, compares it with what is served and publishes it
in one transaction (`./taxi backfill`); `parity` compares what is served now, window by window, with its
trips, and only then `publish` says to others that the month is there. Where Spark runs, here or on EMR, is
the setting `SPARK_BACKEND`. By Flink instead of Spark: `kappa_reprocess`.

Every task may be killed anywhere and run again: a published month is published once.
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

MONTH = "{{ params.month or (dag_run.logical_date or dag_run.run_after).strftime('%Y-%m') }}"
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
        description=f"A {taxi_type} month: ingest, compute, compare, publish",
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
            "month": Param("", type="string", pattern=r"^(\d{4}-\d{2})?$", description="Empty: by the date"),
            "refresh": Param(
                default=False, type="boolean", description="Take a re-issue in the place of the older file"
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
            demand="each window that is served is the sum of its trips",
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
