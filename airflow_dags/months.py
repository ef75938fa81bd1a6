"""Name what the DAGs about months share."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, Param

from airflow_dags.notifiers.alert import AlertNotifier

TAXI_TYPES = ("green", "yellow", "fhvhv")
POOL = "months"
WAITS_FOR_TLC = "available"
"""The task in which a scheduled month waits, for weeks, until it is published."""

PUBLISHED_MONTHS = Asset("published_months")
"""An asset with an event for each month that is published or replaced."""


def backfill_dag_id(taxi_type: str) -> str:
    """Return the id of the DAG that computes the months of a taxi type."""
    return f"tlc_month_backfill_{taxi_type}"


def month_parity(taxi_type: str, first_day_sql: str) -> str:
    """Return the query that checks a month's windows against the sums of its trips.

    The month is an SQL expression.
    """
    text = (Path(__file__).parent / "sql" / "month_parity.sql").read_text("utf-8")
    return text.replace("{taxi_type}", taxi_type).replace("{first_day}", first_day_sql)


def task_defaults(execution_timeout: timedelta) -> dict[str, Any]:
    """Return the arguments of tasks whose commands may be run again at any time: retries, then an alert."""
    return {
        "execution_timeout": execution_timeout,
        "on_failure_callback": AlertNotifier(),
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
    }


def months_params() -> dict[str, Param]:
    """Return the DAG parameters with which a user selects months."""
    return {
        "taxi_type": Param("green", enum=list(TAXI_TYPES), description="Taxi type of the months"),
        "months": Param(
            "2023-12",
            type="string",
            pattern=r"^\d{4}-\d{2}(:\d{4}-\d{2})?$",
            description="Month like 2024-01, or range like 2024-01:2024-03",
        ),
    }
