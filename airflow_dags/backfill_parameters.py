"""Decide whether a backfill may have lost its parameters, without importing Airflow."""

import re
from collections.abc import Mapping

FIRST_TO_KEEP_THEM = (3, 2, 2)
"""The first Airflow in which a backfill replaces the parameters of a run that exists already.

https://github.com/apache/airflow/issues/59043
"""


def loss_of_parameters(
    airflow_version: str, *, run_type: str, times_cleared: int, parameters: Mapping[str, object]
) -> str:
    """Return why a run cannot know the parameters of its backfill; empty where it can.

    An older Airflow clears the existing run and keeps the parameters of its first start. A run that a user
    has cleared looks the same, and gets the same answer.
    """
    version = tuple(int(number) for number in re.findall(r"\d+", airflow_version)[:3])
    if run_type != "backfill" or not times_cleared or version >= FIRST_TO_KEEP_THEM:
        return ""
    kept = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    return (
        f"Airflow {airflow_version} keeps the parameters of this run's first start ({kept}) and ignores those"
        " of a later backfill (apache/airflow#59043, fixed in 3.2.2): to run it with these, mark this task as"
        " a success and clear the tasks after it; to use others, trigger a run with them and with `month`"
    )
