"""Waiting for the TLC."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSkipException

from airflow_dags.hooks.taxi import Answer, TaxiCommand
from airflow_dags.operators.taxi import TaxiCommandError
from airflow_dags.settings import Settings

NOT_PUBLISHED = "has not published"


class TlcMonthSensor(BaseSensorOperator):
    """Waits until a month is at hand or published; a scheduled run waits, any other skips at once.

    :param taxi_type: yellow, green or fhvhv (templated)
    :param month: like 2024-01 (templated)
    """

    template_fields: Sequence[str] = ("taxi_type", "month")
    ui_color = "#9bc1bc"

    def __init__(self, *, taxi_type: str, month: str, **options: Any) -> None:
        defaults = {
            "mode": "reschedule",
            "poke_interval": timedelta(hours=12),
            "timeout": timedelta(days=75),
            "soft_fail": True,
        }
        super().__init__(**{**defaults, **options})
        self.taxi_type = taxi_type
        self.month = month

    def poke(self, context: Any) -> bool:
        """Ask once; a TLC that cannot be reached is a failure, which is tried again."""
        words = ["fetch", "--taxi-type", self.taxi_type, "--month", self.month, "--dry-run"]
        answer = TaxiCommand(Settings.from_environment().taxi_command, words, self.log.info).run()
        if is_published(answer):
            return True
        reason = f"the TLC has not published {self.taxi_type} {self.month} (yet)"
        if context["dag_run"].run_type != "scheduled":
            raise AirflowSkipException(reason)
        self.log.info("%s; asking again in %s", reason, self.poke_interval)
        return False


def is_published(answer: Answer) -> bool:
    """Whether there is such a month; raises TaxiCommandError when nobody can say."""
    if answer.code == 0:
        return True
    if NOT_PUBLISHED in answer.everything:
        return False
    raise TaxiCommandError(answer.everything.strip().splitlines()[0] if answer.everything else "no answer")
