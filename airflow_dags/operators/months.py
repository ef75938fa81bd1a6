"""Fetch, process and publish TLC months as tasks."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseSensorOperator, Variable

from airflow_dags.airflow_names import AirflowFailException, AirflowSkipException
from airflow_dags.hooks.taxi import TaxiCommand
from airflow_dags.operators.taxi import TaxiCommandError, TaxiOperator
from airflow_dags.settings import AirflowSettings

MARTS_COVER = "marts.cover_what_was_published_until"
LAST_PUBLICATION = """
select coalesce(extract(epoch from max(ended_at)), 0)
from taxi.backfill_runs where state in ('published', 'undone')
"""


class MonthsOperator(TaxiOperator):
    """A command on months of a taxi type.

    :param taxi_type: yellow, green or fhvhv (templated)
    :param months: 2024-01, or a range 2024-01:2024-06 (templated)
    """

    template_fields: Sequence[str] = ("taxi_type", "months")

    def __init__(self, *, taxi_type: str, months: str, **options: Any) -> None:
        super().__init__(arguments=[], **options)
        self.taxi_type = taxi_type
        self.months = months

    @property
    def named(self) -> list[str]:
        """Return the months as command arguments."""
        return ["--taxi-type", self.taxi_type, "--month", self.months]


class FetchMonthsOperator(MonthsOperator):
    """A task that fetches months to this machine if they are missing; it returns the paths of their files."""

    def execute(self, context: Any) -> list[str]:
        """Fetch, and return the paths."""
        self.arguments = ["fetch", *self.named]
        return fetched_files(super().execute(context))


class IngestMonthsOperator(MonthsOperator):
    """A task that fetches months to `RAW_DATA`, where the backfill reads them, if they are missing.

    :param refresh: `true` replaces months that the TLC has re-issued (templated)
    """

    template_fields: Sequence[str] = (*MonthsOperator.template_fields, "refresh")

    def __init__(self, *, refresh: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.refresh = refresh

    def execute(self, context: Any) -> Any:
        """Fetch, as the backfill itself would."""
        refresh = ["--refresh"] if self.refresh.lower() == "true" else []
        self.arguments = ["backfill", *self.named, "--fetch-only", *refresh]
        return super().execute(context)


class BackfillOperator(MonthsOperator):
    """A task that replaces months by Spark's result from the TLC's files.

    `SPARK_BACKEND` says where Spark runs. The served rows are compared before they are replaced. The same
    files are the same run, which does nothing.
    """

    def execute(self, context: Any) -> Any:
        """Process, compare and publish."""
        self.arguments = ["backfill", *self.named, "--yes"]
        return super().execute(context)


class ProcessMonthsOperator(MonthsOperator):
    """A task that processes months into the history with Spark; the served tables are not touched.

    A Spark run is identified by the DAG run: a retry finds the run that an earlier attempt started.
    """

    def execute(self, context: Any) -> Any:
        """Submit, and wait for the end."""
        self.arguments = self.submission(context["run_id"])
        return super().execute(context)

    def submission(self, token: str) -> list[str]:
        """Return the arguments of the command."""
        settings = AirflowSettings.from_environment()
        folder_options = ["--raw", settings.raw_data, "--processed", settings.processed_data]
        return ["spark-run", "submit", "--token", token, "--wait", "process", *self.named, *folder_options]


class ReprocessOperator(TaxiOperator):
    """A task that runs the same Flink SQL on the files of months, next to the live job, and replaces them.

    :param files: paths of TLC months (templated)
    :param options_given: further options of `./taxi reprocess` (templated)
    """

    template_fields: Sequence[str] = ("files", "options_given")

    def __init__(self, *, files: Any, options_given: Sequence[str] = ("--yes",), **options: Any) -> None:
        super().__init__(arguments=[], **options)
        self.files = files
        self.options_given = options_given

    def execute(self, context: Any) -> Any:
        """Reprocess; the same files are the same run, which then does nothing."""
        self.arguments = ["reprocess", *self.files, *self.options_given]
        return super().execute(context)


class TaxiQueryOperator(TaxiOperator):
    """A task that queries the sink with `./taxi sql`; it returns the rows as lists of texts.

    :param query: the query (templated)
    :param demand: a sentence that is true when the first value is not 0; else the task fails at once
    """

    template_fields: Sequence[str] = ("query",)

    def __init__(self, *, query: str, demand: str = "", **options: Any) -> None:
        super().__init__(arguments=[], **options)
        self.query = query
        self.demand = demand

    def execute(self, context: Any) -> list[list[str]]:
        """Run the query and check the answer."""
        self.arguments = ["sql", "--csv", "--", self.query]  # a comment may come first
        rows = read_rows(super().execute(context))
        if self.demand and (not rows or rows[0][0] in {"", "0", "f"}):
            raise AirflowFailException(f"check failed: expected that {self.demand}")
        return rows


class MonthsSettledSensor(BaseSensorOperator):
    """A sensor that waits until no run of the month DAGs is active.

    It skips when the marts already cover what was published. Each published month triggers the marts. While a
    run waits here, Airflow merges further triggers into one run, and does not list all of them. So the sensor
    asks the sink what is published, not the triggers.

    :param dag_ids: the DAGs that publish months
    :param waits_in: their task that waits for the TLC
    """

    def __init__(self, *, dag_ids: Sequence[str], waits_in: str, **options: Any) -> None:
        super().__init__(**{"mode": "reschedule", "poke_interval": 20, "timeout": 6 * 3600, **options})
        self.dag_ids = list(dag_ids)
        self.waits_in = waits_in

    def poke(self, context: Any) -> bool:
        """Count the active runs."""
        ti = context["ti"]
        by_request = not context["triggering_asset_events"]
        if not by_request and is_covered(self._published_until(), Variable.get(MARTS_COVER, default=None)):
            raise AirflowSkipException("the marts already cover every published month")
        under_way = sum(self._under_way(ti, one) for one in self.dag_ids)
        self.log.info("%s active runs of %s", under_way, ", ".join(self.dag_ids))
        return under_way <= 0

    def _published_until(self) -> datetime:
        """Return the time of the last publication or withdrawal.

        Raises TaxiCommandError if the sink is down.
        """
        program, question = (
            AirflowSettings.from_environment().taxi_command,
            ["sql", "--csv", "--", LAST_PUBLICATION],
        )
        result = TaxiCommand(program, question, self.log.info).run()
        if result.code:
            raise TaxiCommandError(result.error_message)
        return datetime.fromtimestamp(float(read_rows(result.output)[0][0]), UTC)

    def _under_way(self, ti: Any, dag_id: str) -> int:
        """Count the runs that are running or queued; not those that wait, for weeks, for the TLC."""
        runs = ti.get_dr_count(dag_id=dag_id, states=["running", "queued"])
        waiting = ti.get_ti_count(dag_id=dag_id, task_ids=[self.waits_in], states=["up_for_reschedule"])
        return int(runs - waiting)


class BuildMartsOperator(TaxiOperator):
    """A task that builds and tests the marts, and records what they cover."""

    def __init__(self, **options: Any) -> None:
        super().__init__(arguments=["marts"], **options)

    def execute(self, context: Any) -> Any:
        """Build; anything published from now on is not covered."""
        begun = datetime.now(UTC)
        printed = super().execute(context)
        Variable.set(MARTS_COVER, begun.isoformat())
        return printed


def is_covered(published_until: datetime, covered_until: str | None) -> bool:
    """Return whether the marts were built after the last publication."""
    return covered_until is not None and published_until <= datetime.fromisoformat(covered_until)


def fetched_files(printed: str) -> list[str]:
    """Parse the output of `./taxi fetch`, one line per file: `green 2024-01 (already present): PATH`."""
    return [line.partition(": ")[2] for line in printed.splitlines() if ": " in line]


def read_rows(printed: str) -> list[list[str]]:
    """Parse the rows below the column headers."""
    return list(csv.reader(io.StringIO(printed)))[1:]
