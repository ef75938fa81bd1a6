"""Run in an Airflow of any 3.x: prints as JSON in which files it finds DAGs, and what fails to import."""

import json
from contextlib import redirect_stdout
from pathlib import Path
from sys import stderr, stdout

from airflow import __version__

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # before Airflow 3.2
    from airflow.models.dagbag import DagBag

if __name__ == "__main__":
    with redirect_stdout(stderr):
        bag = DagBag()
    files = sorted({Path(dag.fileloc).stem for dag in bag.dags.values()})
    found = {"version": __version__, "files": files, "errors": bag.import_errors}
    print(json.dumps(found), file=stdout)  # noqa: T201 - data
