"""Run in Airflow's environment: prints what it makes of a bundle, and of two of its tasks, as JSON."""

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
        healed = heal.run_command(["job", "ensure", heal.job, "--json"])
        process = bag.dags["tlc_month_history"].get_task("process")
        process.taxi_type, process.months = "green", "2023-12"
        processed = process.run_command(process.submission("by hand"))
    errors = {**bag.import_errors, **plugin_errors}
    probe = {
        "dags": sorted(bag.dags),
        "errors": errors,
        "heal": json.loads(healed.output)["action"],
        "process": processed.code,
    }
    print(json.dumps(probe), file=stdout)  # noqa: T201 - data
