"""Run in Airflow's environment: prints what it makes of every DAG and what it cannot import, as JSON."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from airflow._shared.timezones.timezone import coerce_datetime
from airflow.dag_processing.dagbag import DagBag
from airflow.models.dagrun import DagRun
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from airflow.utils.types import DagRunType

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
    print(f"\n{json.dumps({'errors': bag.import_errors, 'dags': dags})}")  # noqa: T201 - data
