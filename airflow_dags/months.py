"""The names that the DAGs about months share."""

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
"""An event for each month that is served anew."""


def backfill_dag_id(taxi_type: str) -> str:
    """The DAG that computes the months of a taxi type."""
    return f"tlc_month_backfill_{taxi_type}"


def month_parity(taxi_type: str, first_day_sql: str) -> str:
    """The question whether a month's windows are the sums of its trips; the month is an SQL expression."""
    text = (Path(__file__).parent / "sql" / "month_parity.sql").read_text("utf-8")
    return text.replace("{taxi_type}", taxi_type).replace("{first_day}", first_day_sql)


def task_defaults(execution_timeout: timedelta) -> dict[str, Any]:
    """For tasks whose commands may be run again at any time: retries, then an alert."""
    return {
        "execution_timeout": execution_timeout,
        "on_failure_callback": AlertNotifier(),
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
    }


def months_params() -> dict[str, Param]:
    """What a person chooses who asks for months."""
    return {
        "taxi_type": Param("green", enum=list(TAXI_TYPES), description="Of which taxis"),
        "months": Param(
            "2023-12",
            type="string",
            pattern=r"^\d{4}-\d{2}(:\d{4}-\d{2})?$",
            description="2024-01 or 2024-01:2024-03",
        ),
    }
