"""Months of the TLC as tasks."""

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
        """The months as a command is told them."""
        return ["--taxi-type", self.taxi_type, "--month", self.months]


class FetchMonthsOperator(MonthsOperator):
    """Brings months to this machine, if they are not there; returns the paths of their files."""

    def execute(self, context: Any) -> list[str]:
        """Fetch, and read where they are."""
        self.arguments = ["fetch", *self.named]
        return fetched_files(super().execute(context))


class IngestMonthsOperator(MonthsOperator):
    """Brings months to where the backfill reads them, `RAW_DATA`, if they are not there.

    :param refresh: `true` takes months that were re-issued in the place of the older ones (templated)
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
    """Replaces months by what Spark makes of the TLC's files; where it runs is the setting `SPARK_BACKEND`.

    What is served is compared before it is replaced. The same files again are the same run: nothing to do.
    """

    def execute(self, context: Any) -> Any:
        """Process, compare and publish."""
        self.arguments = ["backfill", *self.named, "--yes"]
        return super().execute(context)


class ProcessMonthsOperator(MonthsOperator):
    """Has Spark make months of the processed history; nothing that is served is touched.

    A run of Spark is known by the run of the DAG: a retry finds the one that an earlier try has started.
    """

    def execute(self, context: Any) -> Any:
        """Submit, and wait for its end."""
        self.arguments = self.submission(context["run_id"])
        return super().execute(context)

    def submission(self, token: str) -> list[str]:
        """The words of the command."""
        settings = AirflowSettings.from_environment()
        folder_options = ["--raw", settings.raw_data, "--processed", settings.processed_data]
        return ["spark-run", "submit", "--token", token, "--wait", "process", *self.named, *folder_options]


class ReprocessOperator(TaxiOperator):
    """Replaces months by what the same Flink SQL makes of their files, beside the live job.

    :param files: paths of TLC months (templated)
    :param options_given: further options of `./taxi reprocess` (templated)
    """

    template_fields: Sequence[str] = ("files", "options_given")

    def __init__(self, *, files: Any, options_given: Sequence[str] = ("--yes",), **options: Any) -> None:
        super().__init__(arguments=[], **options)
        self.files = files
        self.options_given = options_given

    def execute(self, context: Any) -> Any:
        """Reprocess; the same files again are the same run, which then does nothing."""
        self.arguments = ["reprocess", *self.files, *self.options_given]
        return super().execute(context)


class TaxiQueryOperator(TaxiOperator):
    """A question to the sink: `./taxi sql`; returns its rows as lists of texts.

    :param query: the question (templated)
    :param demand: a sentence that is true when the first value is not 0; else the task fails at once
    """

    template_fields: Sequence[str] = ("query",)

    def __init__(self, *, query: str, demand: str = "", **options: Any) -> None:
        super().__init__(arguments=[], **options)
        self.query = query
        self.demand = demand

    def execute(self, context: Any) -> list[list[str]]:
        """Ask, and judge the answer."""
        self.arguments = ["sql", "--csv", "--", self.query]  # a comment may come first
        rows = read_rows(super().execute(context))
        if self.demand and (not rows or rows[0][0] in {"", "0", "f"}):
            raise AirflowFailException(f"it does not hold that {self.demand}")
        return rows


class MonthsSettledSensor(BaseSensorOperator):
    """Waits until no run of the month DAGs is under way; skips when what was published is built already.

    Each published month asks for the marts. Of those that ask while a run waits here Airflow makes another
    run, and does not tell it of all: so what is published is asked of the sink, not of them.

    :param dag_ids: the DAGs that publish months
    :param waits_in: their task that waits for the TLC
    """

    def __init__(self, *, dag_ids: Sequence[str], waits_in: str, **options: Any) -> None:
        super().__init__(**{"mode": "reschedule", "poke_interval": 20, "timeout": 6 * 3600, **options})
        self.dag_ids = list(dag_ids)
        self.waits_in = waits_in

    def poke(self, context: Any) -> bool:
        """Count runs."""
        ti = context["ti"]
        by_request = not context["triggering_asset_events"]
        if not by_request and is_covered(self._published_until(), Variable.get(MARTS_COVER, default=None)):
            raise AirflowSkipException("the marts were built after all that was published")
        under_way = sum(self._under_way(ti, one) for one in self.dag_ids)
        self.log.info("%s runs of %s are under way", under_way, ", ".join(self.dag_ids))
        return under_way <= 0

    def _published_until(self) -> datetime:
        """When something was published or taken back last; raises TaxiCommandError where the sink is away."""
        program, question = (
            AirflowSettings.from_environment().taxi_command,
            ["sql", "--csv", "--", LAST_PUBLICATION],
        )
        result = TaxiCommand(program, question, self.log.info).run()
        if result.code:
            raise TaxiCommandError(result.error_message)
        return datetime.fromtimestamp(float(read_rows(result.output)[0][0]), UTC)

    def _under_way(self, ti: Any, dag_id: str) -> int:
        """Runs that have begun or wait for their turn; not those that wait for the TLC, for weeks."""
        runs = ti.get_dr_count(dag_id=dag_id, states=["running", "queued"])
        waiting = ti.get_ti_count(dag_id=dag_id, task_ids=[self.waits_in], states=["up_for_reschedule"])
        return int(runs - waiting)


class BuildMartsOperator(TaxiOperator):
    """Builds and tests the marts, and remembers what they cover."""

    def __init__(self, **options: Any) -> None:
        super().__init__(arguments=["marts"], **options)

    def execute(self, context: Any) -> Any:
        """Build; what is published from now on is not covered."""
        begun = datetime.now(UTC)
        printed = super().execute(context)
        Variable.set(MARTS_COVER, begun.isoformat())
        return printed


def is_covered(published_until: datetime, covered_until: str | None) -> bool:
    """Whether the marts were built after all that was published."""
    return covered_until is not None and published_until <= datetime.fromisoformat(covered_until)


def fetched_files(printed: str) -> list[str]:
    """The paths in what `./taxi fetch` prints, a line a file: `green 2024-01 (already there): PATH`."""
    return [line.partition(": ")[2] for line in printed.splitlines() if ": " in line]


def read_rows(printed: str) -> list[list[str]]:
    """The rows below the heads of columns."""
    return list(csv.reader(io.StringIO(printed)))[1:]
