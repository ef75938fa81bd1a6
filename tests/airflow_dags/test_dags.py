"""The DAGs that there are, and their graphs."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stack.services.airflow import DAGS
from stack.settings import ROOT
from stack.toolchain.environments import ensure_environment

pytestmark = pytest.mark.integration

MONTH = {
    "available": ["ingest"],
    "ingest": ["process"],
    "process": ["parity"],
    "parity": ["publish"],
    "publish": [],
}
GRAPHS = {
    "flink_job_lifecycle": {
        "check": ["choose"],
        "choose": ["deploy", "rollback", "savepoint", "stop", "upgrade"],
        "deploy": ["settled"],
        "upgrade": ["settled"],
        "savepoint": ["settled"],
        "rollback": ["settled"],
        "stop": ["settled"],
        "settled": [],
    },
    "flink_job_watchdog": {"look": ["alert", "heal"], "heal": [], "alert": []},
    "tlc_month_backfill_fhvhv": MONTH,
    "tlc_month_backfill_green": MONTH,
    "tlc_month_backfill_yellow": MONTH,
    "tlc_month_history": {"process": []},
    "kappa_reprocess": {"fetch": ["reprocess"], "reprocess": []},
    "marts": {"settled": ["build"], "build": []},
    "data_quality": {
        "audit": ["parity_fhvhv", "parity_green", "parity_yellow"],
        "parity_fhvhv": [],
        "parity_green": [],
        "parity_yellow": [],
    },
}


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow makes of the DAG folder, in its own environment."""
    done = subprocess.run(
        [
            str(ensure_environment("orchestrate") / "bin" / "python"),
            "-m",
            "tests.airflow_dags.dag_graphs",
            str(DAGS),
        ],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_the_dags_are_these_and_their_tasks_follow_one_another_so(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert {name: dag["graph"] for name, dag in bag["dags"].items()} == GRAPHS


def test_no_schedule_that_does_work_by_itself_is_on_from_the_start(bag: dict[str, Any]) -> None:
    """The watchdog is: it brings back what was deployed, and nothing else."""
    scheduled = {name for name, dag in bag["dags"].items() if dag["scheduled"]}
    assert {name for name in scheduled if not bag["dags"][name]["starts_paused"]} == {"flink_job_watchdog"}
    assert {name for name, dag in bag["dags"].items() if dag["starts_paused"]} == {
        *(name for name in GRAPHS if name.startswith("tlc_month_backfill")),
        "data_quality",
    }


def test_a_run_of_a_month_is_named_after_it(bag: dict[str, Any]) -> None:
    """Also as Airflow stores the DAG, from which the scheduler and the pages name the runs."""
    assert bag["dags"]["tlc_month_backfill_fhvhv"]["run_names"] == {
        "scheduled": "scheduled__2023-10-01T00:00:00+00:00",
        "backfill": "backfill__2023-10-01T00:00:00+00:00",
    }


def test_a_backfill_over_an_existing_run_is_refused_where_airflow_loses_its_parameters(
    bag: dict[str, Any],
) -> None:
    assert bag["refusal"].startswith(
        "Airflow 3.2.1 keeps the parameters of this run's first start (month='', refresh=False)"
    )


def test_the_month_of_a_backfill_is_its_date_whatever_the_run_was_started_with(bag: dict[str, Any]) -> None:
    assert bag["months"] == {"manual": "2019-01", "backfill": "2023-10", "scheduled": "2023-10"}


def test_every_dag_is_explained_and_every_failure_is_told(bag: dict[str, Any]) -> None:
    assert [name for name, dag in bag["dags"].items() if not dag["doc"].startswith("###")] == []
    assert [name for name, dag in bag["dags"].items() if not dag["alerts"]] == []


def test_dag_files_are_short_and_dbt_takes_none_for_its_own() -> None:
    files = list(DAGS.rglob("*.py"))
    assert [file.name for file in files if len(file.read_text("utf-8").splitlines()) > 120] == []
    assert [file.name for file in files if file.name.startswith("dbt_")] == []


def test_the_logic_imports_no_other_room() -> None:
    packages = ("taxi_cli", "control_plane", "stack", "producer", "flink_jobs", "batch_backfill", "tests")
    lines = [
        line for file in (ROOT / "airflow_dags").rglob("*.py") for line in Path(file).read_text().splitlines()
    ]
    assert [line for line in lines if line.startswith(tuple(f"from {package}" for package in packages))] == []
