"""Wait for Flink in the triggerer."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_dags.hooks.flink import FlinkRestHook, runs


class _FlinkTrigger(BaseTrigger):
    """A trigger that polls until there is an answer or the time is over.

    It polls again when the cluster does not answer.
    """

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        self.parameters = parameters

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to continue."""
        return f"{type(self).__module__}.{type(self).__qualname__}", self.parameters

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event: the result, or the timeout."""
        last = "no status received yet"
        while time.time() < self.parameters["until"]:
            try:
                event, last = await self.poll()
            except httpx.HTTPError as error:
                event, last = None, f"Flink does not answer ({type(error).__name__})"
            if event:
                yield TriggerEvent(event)
                return
            await asyncio.sleep(self.parameters["poll_seconds"])
        yield TriggerEvent({"state": "late", "reason": last})

    async def poll(self) -> tuple[dict[str, Any] | None, str]:
        """Return the event, if it is due, and the observed state."""
        raise NotImplementedError

    @property
    def hook(self) -> FlinkRestHook:
        """Return the hook of the cluster."""
        return FlinkRestHook(self.parameters["flink_conn_id"])


class FlinkJobTrigger(_FlinkTrigger):
    """A trigger that waits until a job runs with all its tasks and a checkpoint, or until it is gone.

    :param flink_conn_id: the cluster
    :param job: the job's name
    :param wanted: whether it is to run, or to be gone
    :param until: seconds since the epoch
    :param poll_seconds: the poll interval
    """

    def __init__(
        self, *, flink_conn_id: str, job: str, wanted: bool, until: float, poll_seconds: float = 2
    ) -> None:
        super().__init__(
            flink_conn_id=flink_conn_id, job=job, wanted=wanted, until=until, poll_seconds=poll_seconds
        )

    async def poll(self) -> tuple[dict[str, Any] | None, str]:
        """Ask for the job and its checkpoints."""
        job = await self.hook.alive_job(self.parameters["job"])
        if not self.parameters["wanted"]:
            return (None, f"its state is {job['state']}") if job else ({"state": "gone"}, "")
        if job is None:
            return None, "no job of this name is running"
        if not runs(job):
            return None, f"its state is {job['state']}, and not all of its tasks are running"
        if not await self.hook.completed_checkpoints(job["jid"]):
            return None, "it has not completed a checkpoint"
        return {"state": "running", "job_id": job["jid"]}, ""


class FlinkSavepointTrigger(_FlinkTrigger):
    """A trigger that waits until a savepoint is complete, or has failed.

    :param flink_conn_id: the cluster
    :param job_id: the job of the savepoint
    :param trigger_id: the savepoint's trigger id
    :param until: seconds since the epoch
    :param poll_seconds: the poll interval
    """

    def __init__(
        self, *, flink_conn_id: str, job_id: str, trigger_id: str, until: float, poll_seconds: float = 1
    ) -> None:
        super().__init__(
            flink_conn_id=flink_conn_id,
            job_id=job_id,
            trigger_id=trigger_id,
            until=until,
            poll_seconds=poll_seconds,
        )

    async def poll(self) -> tuple[dict[str, Any] | None, str]:
        """Ask for the savepoint."""
        found = await self.hook.savepoint(self.parameters["job_id"], self.parameters["trigger_id"])
        if found["status"]["id"] != "COMPLETED":
            return None, "the savepoint is not complete"
        operation = found["operation"]
        if "failure-cause" in operation:
            return {"state": "failed", "reason": operation["failure-cause"]["class"]}, ""
        return {"state": "complete", "savepoint": operation["location"].removeprefix("file:")}, ""
