"""Call Flink's REST API."""

from typing import Any

import httpx
from airflow.sdk import Connection

from airflow_dags.airflow_names import BaseHook

ENDED_STATES = frozenset({"FINISHED", "CANCELED", "FAILED"})
TIMEOUT_SECONDS = 15


class FlinkRestHook(BaseHook):
    """A Flink cluster.

    :param flink_conn_id: a connection of type HTTP: host, port, schema (https), login and password
    """

    conn_name_attr = "flink_conn_id"
    default_conn_name = "flink_default"
    conn_type = "http"
    hook_name = "Flink REST"

    def __init__(self, flink_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.flink_conn_id = flink_conn_id

    def dashboard_url(self, job_id: str) -> str:
        """Return the dashboard URL of a job."""
        return f"{address(self.get_connection(self.flink_conn_id))}/#/job/running/{job_id}/overview"

    def live_job(self, name: str) -> dict[str, Any] | None:
        """Return the newest job of this name that has not ended."""
        return _live(self._get("/jobs/overview"), name)

    def take_savepoint(self, job_id: str, trigger_id: str, folder: str = "") -> None:
        """Trigger a savepoint; the same trigger id asks for the same savepoint, and takes no second one."""
        body: dict[str, object] = {"cancel-job": False, "triggerId": trigger_id}
        if folder:
            body["target-directory"] = folder
        with self._client() as client:
            client.post(f"/jobs/{job_id}/savepoints", json=body).raise_for_status()

    async def alive_job(self, name: str) -> dict[str, Any] | None:
        """Return the same as `live_job`, for triggers."""
        return _live(await self._aget("/jobs/overview"), name)

    async def completed_checkpoints(self, job_id: str) -> int:
        """Return how many checkpoints a job has completed since it was submitted."""
        found = await self._aget(f"/jobs/{job_id}/checkpoints")
        return int(found.get("counts", {}).get("completed", 0))

    async def savepoint(self, job_id: str, trigger_id: str) -> dict[str, Any]:
        """Return the status of a savepoint."""
        found: dict[str, Any] = await self._aget(f"/jobs/{job_id}/savepoints/{trigger_id}")
        return found

    def _client(self) -> httpx.Client:
        return httpx.Client(**client_options(self.get_connection(self.flink_conn_id)))

    def _get(self, path: str) -> Any:
        with self._client() as client:
            return client.get(path).raise_for_status().json()

    async def _aget(self, path: str) -> Any:
        options = client_options(await self.aget_connection(self.flink_conn_id))
        async with httpx.AsyncClient(**options) as client:
            return (await client.get(path)).raise_for_status().json()


def address(connection: Connection) -> str:
    """Return the base URL of a connection."""
    scheme = "https" if "https" in {connection.schema, connection.conn_type} else "http"
    return f"{scheme}://{connection.host}:{connection.port or 8081}"


def client_options(connection: Connection) -> dict[str, Any]:
    """Return the options of an HTTP client for a connection."""
    login = (connection.login, connection.password or "") if connection.login else None
    # Never use a proxy, regardless of the environment variables: the cluster is reached directly.
    return {
        "base_url": address(connection),
        "auth": login,
        "timeout": TIMEOUT_SECONDS,
        "trust_env": False,
    }


def runs(job: dict[str, Any] | None) -> bool:
    """Return whether every task of a job runs: Flink reports RUNNING while tasks are still being deployed."""
    if job is None or job["state"] != "RUNNING":
        return False
    return bool(job["tasks"].get("running", 0) == job["tasks"].get("total", -1))


def _live(overview: dict[str, Any], name: str) -> dict[str, Any] | None:
    found = [job for job in overview["jobs"] if job["name"] == name and job["state"] not in ENDED_STATES]
    return max(found, key=lambda job: int(job["start-time"]), default=None)
