"""The stack's Airflow, as its users drive it: by REST and by its command line."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stack.endpoints import Endpoints
from stack.services import airflow
from stack.settings import ROOT
from stack.waiting import Polling
from tests.waiting import wait_for

SMALL_MONTH = "2023-08"
ENDED = {"success", "failed"}
RUN_SECONDS = 400


@dataclass(frozen=True)
class Airflow:
    """Airflow's REST API, logged in."""

    endpoints: Endpoints
    client: httpx.Client

    @classmethod
    @contextmanager
    def of(cls, endpoints: Endpoints) -> "Iterator[Airflow]":
        """Log in as a person does, with the password from the file."""
        (user, password) = next(iter(json.loads(airflow.passwords_file(endpoints.home).read_text()).items()))
        request = {"username": user, "password": password}
        with httpx.Client(base_url=endpoints.extras["AIRFLOW_URL"], timeout=60, trust_env=False) as client:
            token = client.post("/auth/token", json=request).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield cls(endpoints, client)

    def unpause(self, *dag_ids: str) -> None:
        """Turn schedules on, and let backfills run, as a person does."""
        for dag_id in dag_ids:
            wait_for(
                lambda path=f"/api/v2/dags/{dag_id}": (  # type: ignore[misc]
                    self.client.patch(path, json={"is_paused": False}).status_code == httpx.codes.OK
                ),
                what=f"{dag_id} to be known",
                polling=Polling(1),
            )

    def trigger(self, dag_id: str, **conf: object) -> httpx.Response:
        """Ask for a run."""
        request = {"conf": conf, "logical_date": None}
        return self.client.post(f"/api/v2/dags/{dag_id}/dagRuns", json=request)

    def run(self, dag_id: str, **conf: object) -> dict[str, str]:
        """A run from its beginning to its end: the state of each task, and of the run under an empty name."""
        run_id = self.trigger(dag_id, **conf).raise_for_status().json()["dag_run_id"]
        return self.await_run(dag_id, run_id)

    def await_run(self, dag_id: str, run_id: str, seconds: float = RUN_SECONDS) -> dict[str, str]:
        """How a run has ended."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"
        ended = wait_for(
            lambda: self._ended(path), stalled_seconds=seconds, what=f"{dag_id} {run_id}", polling=Polling(1)
        )
        return {"": str(ended["state"]), **self.tasks(dag_id, run_id)}

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """The state of each task of a run."""
        found = self.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: str(task["state"]) for task in found}

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Every run of a DAG, oldest first."""
        found: list[dict[str, Any]] = self.get(f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=run_after")[
            "dag_runs"
        ]
        return found

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """What a task has left."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path)["value"]

    def tries(self, dag_id: str, run_id: str, task_id: str) -> int:
        """How often a task was begun."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        return int(self.get(path)["try_number"])

    def log(self, dag_id: str, run_id: str, task_id: str) -> str:
        """What the newest try of a task has logged."""
        number = self.tries(dag_id, run_id, task_id)
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{number}"
        return "\n".join(str(line) for line in self.get(path)["content"])

    def get(self, path: str) -> Any:
        """The JSON answer to a GET."""
        return self.client.get(path).raise_for_status().json()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`./taxi airflow …` as a person types it."""
        return subprocess.run(
            [str(ROOT / "taxi"), "airflow", *arguments],
            env={**os.environ, "TAXI_HOME": str(self.endpoints.home)},
            capture_output=True,
            text=True,
            check=False,
        )

    def _ended(self, path: str) -> Any:
        run = self.get(path)
        return run if run["state"] in ENDED else None


def synthetic_month(folder: Path, month: str, rows: int) -> Path:
    """A synthetic green month, under the TLC's name for it."""
    file = folder / f"green_tripdata_{month}.parquet"
    request = (
        "--taxi-type",
        "green",
        "--month",
        month,
        "--rows",
        str(rows),
        "--seed",
        "7",
        "--to",
        str(file),
    )
    subprocess.run([str(ROOT / "taxi"), "generate", *request], check=True, capture_output=True)
    return file
