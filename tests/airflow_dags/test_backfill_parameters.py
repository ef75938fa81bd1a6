"""When a backfill may have lost its parameters."""

import pytest

from airflow_dags.backfill_parameters import loss_of_parameters

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("airflow_version", "run_type", "times_cleared", "is_lost"),
    [
        ("3.0.6", "backfill", 1, True),
        ("3.2.1", "backfill", 2, True),
        ("3.2.2", "backfill", 1, False),
        ("3.3.2", "backfill", 1, False),
        ("3.10.0", "backfill", 1, False),
        ("3.0.6", "backfill", 0, False),  # a run of its own
        ("3.0.6", "manual", 1, False),  # cleared by a user: the parameters are those it was triggered with
        ("3.0.6", "scheduled", 1, False),
    ],
)
def test_only_a_cleared_run_of_a_backfill_in_an_old_airflow_is_in_doubt(
    airflow_version: str, run_type: str, times_cleared: int, is_lost: bool
) -> None:
    reason = loss_of_parameters(
        airflow_version, run_type=run_type, times_cleared=times_cleared, parameters={"refresh": False}
    )
    assert bool(reason) == is_lost


def test_the_reason_names_what_is_kept_and_what_to_do() -> None:
    reason = loss_of_parameters(
        "3.0.6", run_type="backfill", times_cleared=1, parameters={"month": "", "refresh": False}
    )
    assert "first start (month='', refresh=False)" in reason
    assert "clear the tasks after it" in reason
