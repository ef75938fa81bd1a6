"""Run in Airflow's environment: prints every DAG's graph, and what could not be imported, as JSON."""

import json
import sys

from airflow.dag_processing.dagbag import DagBag

if __name__ == "__main__":
    bag = DagBag(sys.argv[1])
    dags = {
        dag.dag_id: {
            "graph": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
            "doc": dag.doc_md or "",
            "alerts": all(task.has_on_failure_callback for task in dag.tasks if task.task_id != "choose"),
        }
        for dag in bag.dags.values()
    }
    print(f"\n{json.dumps({'errors': bag.import_errors, 'dags': dags})}")  # noqa: T201 - data
