"""The backfill as a step of an EMR cluster on EC2."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.emr import (
    addresses_below,
    archive_code,
    code_folder,
    emr_client,
    emr_errors,
    needed,
    read_logs,
    submit_parameters,
)
from control_plane.spark.spark_backend import RunLogs, RunState, SparkRun, Usage, run_name
from schemas.aws import TransientAwsError
from schemas.errors import UserError
from stack.waiting import wait_until

STATES = {
    "COMPLETED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "INTERRUPTED": RunState.FAILED,
    "CANCELLED": RunState.CANCELLED,
    "RUNNING": RunState.RUNNING,
    "CANCEL_PENDING": RunState.RUNNING,
}
DRIVER_ENVIRONMENT = "spark.yarn.appMasterEnv"
SILENT_SECONDS = 120.0
GONE = {"CANCEL_PENDING", "CANCELLED", "FAILED", "INTERRUPTED"}


class ClusterSpark:
    """A cluster that runs steps."""

    place = SparkTarget.EMR

    def __init__(self, settings: SparkSettings) -> None:
        self._settings = settings
        self._cluster = needed(
            settings.cluster_id, "EMR_CLUSTER_ID", "set it to the cluster that Terraform created"
        )
        self._client = emr_client("emr", settings)
        # A step has no token: sent again after a lost answer, it would run twice.
        self._once = emr_client("emr", settings, attempts=1)

    def code(self) -> str:
        """Return the archive, whose name changes with its content."""
        return archive_code(self._settings)

    def submit(self, arguments: Sequence[str], token: str = "") -> str:
        """Add a step, or find the one that an earlier call has added."""
        name = run_name(arguments, code_folder(self._settings), token)
        found = self._found(name, token)
        if found:
            return found
        try:
            added = self._call("add_job_flow_steps", self._once, **self.request(arguments, name))
        except TransientAwsError as silence:
            return self._perhaps_added(name, token, silence)
        return str(added["StepIds"][0])

    def request(self, arguments: Sequence[str], name: str) -> dict[str, Any]:
        """Return the request of AddJobFlowSteps."""
        parameters = submit_parameters(self._settings, DRIVER_ENVIRONMENT)
        command = ["spark-submit", "--deploy-mode", "cluster", *parameters]
        step = {
            "Name": name,
            "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {
                "Jar": "command-runner.jar",
                "Args": [*command, f"{code_folder(self._settings)}/main.py", *arguments],
            },
        }
        return {"JobFlowId": self._cluster, "Steps": [step]}

    def state(self, run_id: str) -> SparkRun:
        status = self._describe(run_id)["Status"]
        failure = status.get("FailureDetails", {})
        detail = failure.get("Message") or failure.get("Reason") or status["State"]
        state = STATES.get(status["State"], RunState.QUEUED)
        return SparkRun(run_id, state, str(detail), _seconds(status.get("Timeline", {})))

    def cancel(self, run_id: str) -> None:
        """Cancel the step, even when it already runs."""
        if self.state(run_id).state.has_ended:
            return
        answer = self._call(
            "cancel_steps",
            ClusterId=self._cluster,
            StepIds=[run_id],
            StepCancellationOption="TERMINATE_PROCESS",
        )
        for one in answer["CancelStepsInfoList"]:
            if one["Status"] == "FAILED":
                raise UserError(f"{run_id} cannot be cancelled: {one.get('Reason', '')}")

    def logs(self, run_id: str) -> RunLogs:
        """Return the driver's output: that of YARN's first container, else that of spark-submit."""
        step = self._describe(run_id)
        uri = str(step.get("LogUri") or self._settings.log_uri).rstrip("/")
        folder = f"{needed(uri, 'EMR_LOG_URI', 'set it to the LogUri of the cluster')}/{self._cluster}"
        for application in step.get("AdditionalInfo", {}).get("ResourceManagerApplicationIds", []):
            found = addresses_below(self._settings, f"{folder}/containers/{application}")
            folders = (one.rpartition("/")[0] for one in found)
            driver = next((one for one in folders if one.endswith("_000001")), "")
            if driver:
                return read_logs(self._settings, driver)
        return read_logs(self._settings, f"{folder}/steps/{run_id}")

    def links(self, run_id: str) -> Mapping[str, str]:
        """Return the step's page in the console, which links to Spark's own."""
        region = self._client.meta.region_name
        place = f"https://{region}.console.aws.amazon.com/emr/home?region={region}"
        return {f"EMR console, {run_id}": f"{place}#/clusterDetails/{self._cluster}"}

    def usage(self, run_id: str) -> Usage:
        """Count the whole cluster for the duration of the step: it is billed regardless of its load."""
        hours = self.state(run_id).seconds / 3600
        vcpus, gigabytes = self._settings.cluster_vcpus, self._settings.cluster_gb
        rates = (self._settings.usd_per_vcpu_hour, self._settings.usd_per_gb_hour)
        return Usage(
            None if vcpus is None else vcpus * hours, None if gigabytes is None else gigabytes * hours, *rates
        )

    def _describe(self, run_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._call("describe_step", ClusterId=self._cluster, StepId=run_id)["Step"]
        return found

    def _found(self, name: str, token: str) -> str:
        with emr_errors(self._cluster):
            pages = self._client.get_paginator("list_steps").paginate(ClusterId=self._cluster)
            steps = [one for page in pages for one in page["Steps"] if one["Name"] == name]
        unwanted = GONE if token else {*GONE, "COMPLETED"}
        return next((str(one["Id"]) for one in steps if one["Status"]["State"] not in unwanted), "")

    def _perhaps_added(self, name: str, token: str, silence: TransientAwsError) -> str:
        """Look for a step whose answer was lost; never send it again without this check."""

        found = wait_until(
            lambda: self._found(name, token) or "absent",
            what=f"an answer from {self._cluster}",
            stalled_seconds=SILENT_SECONDS,
        )
        if found == "absent":
            raise UserError(f"the step was not added: {silence.message}", "run the same command again")
        return found

    def _call(self, operation: str, through: Any = None, **request: Any) -> Mapping[str, Any]:
        with emr_errors(self._cluster):
            answer: Mapping[str, Any] = getattr(through or self._client, operation)(**request)
        return answer


def _seconds(timeline: Mapping[str, datetime]) -> float:
    started = timeline.get("StartDateTime")
    ended = timeline.get("EndDateTime") or datetime.now(UTC)
    return (ended - started).total_seconds() if started else 0.0
