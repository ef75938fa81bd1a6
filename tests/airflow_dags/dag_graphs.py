"""Run in Airflow's environment: prints what it makes of every DAG and what it cannot import, as JSON."""

import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from airflow._shared.timezones.timezone import coerce_datetime
from airflow.dag_processing.dagbag import DagBag
from airflow.models.dagrun import DagRun
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from airflow.utils.types import DagRunType

from airflow_dags.airflow_names import AirflowFailException

FIRST_DAY = datetime(2023, 10, 1, tzinfo=UTC)


def stored(dag: Any) -> Any:
    """The DAG as the scheduler and the pages read it."""
    return DagSerialization.from_dict(DagSerialization.to_dict(dag))


def run_names(dag: Any) -> dict[str, str]:
    """What the run of October 2023 is called, by the scheduler and in a backfill."""
    timetable = stored(dag).timetable
    if not timetable.periodic:
        return {}
    october = TimeRestriction(coerce_datetime(FIRST_DAY), coerce_datetime(FIRST_DAY), catchup=True)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=october)
    if info is None:
        return {}
    dates = {"logical_date": info.logical_date, "run_after": info.run_after}
    return {
        "scheduled": timetable.generate_run_id(
            run_type=DagRunType.SCHEDULED, run_after=info.run_after, data_interval=info.data_interval
        ),
        "backfill": DagRun.generate_run_id(run_type=DagRunType.BACKFILL_JOB, **dates),
    }


def refusal(bag: DagBag, airflow_version: str) -> str:
    """What the first task of a month says when a backfill takes over an existing run in this Airflow."""
    task = bag.dags["tlc_month_backfill_green"].get_task("available")
    task.airflow_version = airflow_version
    run = SimpleNamespace(run_type=DagRunType.BACKFILL_JOB, clear_number=1)
    try:
        task.execute({"dag_run": run, "params": {"month": "", "refresh": False}})
    except AirflowFailException as error:
        return str(error)
    return ""


def months(dag: Any) -> dict[str, str]:
    """The month of a run of October 2023 that was started with another month, by the kind of the run."""
    template = dag.get_task("process").months
    runs = {
        kind: SimpleNamespace(run_type=kind, logical_date=FIRST_DAY)
        for kind in (DagRunType.MANUAL, DagRunType.BACKFILL_JOB, DagRunType.SCHEDULED)
    }
    return {
        kind.value: dag.get_template_env()
        .from_string(template)
        .render(params={"month": "2019-01"}, dag_run=run)
        for kind, run in runs.items()
    }


if __name__ == "__main__":
    bag = DagBag(sys.argv[1])
    dags = {
        dag.dag_id: {
            "graph": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
            "doc": dag.doc_md or "",
            "alerts": all(task.has_on_failure_callback for task in dag.tasks if task.task_id != "choose"),
            "scheduled": stored(dag).timetable.periodic,
            "starts_paused": dag.is_paused_upon_creation,
            "run_names": run_names(dag),
        }
        for dag in bag.dags.values()
    }
    answer = {
        "errors": bag.import_errors,
        "dags": dags,
        "refusal": refusal(bag, "3.2.1"),
        "months": months(bag.dags["tlc_month_backfill_green"]),
    }
    print(f"\n{json.dumps(answer)}")  # noqa: T201 - data
