"""Wait for the TLC."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow import __version__
from airflow.sdk import BaseSensorOperator

from airflow_dags.airflow_names import AirflowFailException, AirflowSkipException
from airflow_dags.backfill_parameters import loss_of_parameters
from airflow_dags.hooks.taxi import TaxiCommand
from airflow_dags.operators.taxi import TaxiCommandError
from airflow_dags.settings import AirflowSettings

NOT_PUBLISHED = "has not published"


class TlcMonthSensor(BaseSensorOperator):
    """A sensor that waits until a month is present or published.

    A scheduled run waits, any other skips at once. A backfill whose parameters Airflow may have lost fails
    here, before it changes anything.

    :param taxi_type: yellow, green or fhvhv (templated)
    :param month: like 2024-01 (templated)
    :param airflow_version: the running Airflow
    """

    template_fields: Sequence[str] = ("taxi_type", "month")
    ui_color = "#9bc1bc"

    def __init__(
        self, *, taxi_type: str, month: str, airflow_version: str = __version__, **options: Any
    ) -> None:
        defaults = {
            "mode": "reschedule",
            "poke_interval": timedelta(hours=12),
            # A run begins with its month, which the TLC publishes about two months after its end.
            "timeout": timedelta(days=110),
            "soft_fail": True,
        }
        super().__init__(**{**defaults, **options})
        self.taxi_type = taxi_type
        self.month = month
        self.airflow_version = airflow_version

    def execute(self, context: Any) -> Any:
        """Refuse lost parameters, then wait: within `poke`, soft_fail would skip the run silently."""
        run = context["dag_run"]
        reason = loss_of_parameters(
            self.airflow_version,
            run_type=run.run_type,
            times_cleared=run.clear_number or 0,
            parameters=context["params"],
        )
        if reason:
            raise AirflowFailException(reason)
        return super().execute(context)

    def poke(self, context: Any) -> bool:
        """Ask once; in an unscheduled run an unreachable TLC is a failure, which is retried."""
        settings = AirflowSettings.from_environment()
        there = ["--to", settings.raw_data] if settings.raw_data else []
        words = ["fetch", "--taxi-type", self.taxi_type, "--month", self.month, "--dry-run", *there]
        result = TaxiCommand(settings.taxi_command, words, self.log.info).run()
        self.log.info(result.output.strip())
        scheduled = context["dag_run"].run_type == "scheduled"
        if result.code == 0:
            return True
        if scheduled:  # it waits for weeks anyway, so also for a network
            self.log.info("the month is not available yet; checking again in %s", self.poke_interval)
            return False
        if NOT_PUBLISHED in result.combined_output:
            raise AirflowSkipException(f"the TLC has not published {self.taxi_type} {self.month} yet")
        raise TaxiCommandError(result.combined_output.partition("\n")[0])
