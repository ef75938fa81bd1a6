"""Run in Airflow's environment: prints what it makes of a bundle, and of the task `heal`, as JSON."""

import json
from contextlib import redirect_stdout
from sys import stderr, stdout

from airflow import plugins_manager
from airflow.dag_processing.dagbag import DagBag

if __name__ == "__main__":
    with redirect_stdout(stderr):
        bag = DagBag()
        plugin_errors = plugins_manager.get_import_errors()
        heal = bag.dags["flink_job_watchdog"].get_task("heal")
        answer = heal.run_command(["job", "ensure", heal.job, "--json"])
    errors = {**bag.import_errors, **plugin_errors}
    look = {"dags": sorted(bag.dags), "errors": errors, "heal": json.loads(answer.output)["action"]}
    print(json.dumps(look), file=stdout)  # noqa: T201 - data
