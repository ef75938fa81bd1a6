"""The backfill on EMR Serverless."""

import uuid
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark.emr import (
    archive_code,
    code_folder,
    emr_client,
    emr_errors,
    needed,
    read_logs,
    submit_parameters,
)
from control_plane.spark.spark_backend import RunLogs, RunState, SparkRun, Usage, run_name
from schemas.errors import UserError

STATES = {
    "SUCCESS": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "CANCELLED": RunState.CANCELLED,
    "RUNNING": RunState.RUNNING,
    "CANCELLING": RunState.RUNNING,
}
"""The run states of EMR Serverless; all others mean that the run is queued."""
DRIVER_ENVIRONMENT = "spark.emr-serverless.driverEnv"


class ServerlessSpark:
    """An application of EMR Serverless."""

    place = SparkTarget.EMR_SERVERLESS

    def __init__(self, settings: SparkSettings) -> None:
        self._settings = settings
        what = "set it to the application that Terraform created"
        self._application = needed(settings.application_id, "EMR_SERVERLESS_APPLICATION_ID", what)
        self._client = emr_client("emr-serverless", settings)

    def code(self) -> str:
        """Return the archive, whose name changes with its content."""
        return archive_code(self._settings)

    def submit(self, arguments: Sequence[str], token: str = "") -> str:
        """Start a run, or find the one that an earlier call has started."""
        name = run_name(arguments, code_folder(self._settings), token)
        earlier = self._earlier(name)
        going = [one for one in earlier if not _state(one).has_ended]
        done = [one for one in earlier if token and _state(one) is RunState.SUCCEEDED]
        if going or done:
            return str((going or done)[0]["id"])
        # boto3 retries a request without an answer: the service recognizes it by its token.
        attempt = f"{name}-{len(earlier)}" if token else uuid.uuid4().hex
        request = self.request(arguments, name, sha256(attempt.encode()).hexdigest())
        return str(self._call("start_job_run", **request)["jobRunId"])

    def request(self, arguments: Sequence[str], name: str, client_token: str) -> dict[str, Any]:
        """Return the request of StartJobRun."""
        code = code_folder(self._settings)
        logs = {"s3MonitoringConfiguration": {"logUri": f"{self._settings.log_uri}/"}}
        parameters = submit_parameters(self._settings, DRIVER_ENVIRONMENT)
        return {
            "name": name,
            "clientToken": client_token,
            "executionRoleArn": needed(
                self._settings.role_arn, "EMR_JOB_ROLE_ARN", "set it to the role of the run"
            ),
            "executionTimeoutMinutes": self._settings.timeout_minutes,
            "jobDriver": {
                "sparkSubmit": {
                    "entryPoint": f"{code}/main.py",
                    "entryPointArguments": list(arguments),
                    "sparkSubmitParameters": " ".join(map(_escaped, parameters)),
                }
            },
            **(
                {"configurationOverrides": {"monitoringConfiguration": logs}}
                if self._settings.log_uri
                else {}
            ),
        }

    def state(self, run_id: str) -> SparkRun:
        found = self._describe(run_id)
        detail = str(found["stateDetails"]).strip(" -")
        seconds = float(found.get("totalExecutionDurationSeconds", 0))
        return SparkRun(run_id, _state(found), detail, seconds)

    def cancel(self, run_id: str) -> None:
        if not self.state(run_id).state.has_ended:
            self._call("cancel_job_run", jobRunId=run_id)

    def logs(self, run_id: str) -> RunLogs:
        """Return the driver's output from S3."""
        uri = needed(self._settings.log_uri, "EMR_LOG_URI", "set it to the folder in S3 for logs")
        return read_logs(self._settings, f"{uri}/applications/{self._application}/jobs/{run_id}/SPARK_DRIVER")

    def links(self, run_id: str) -> Mapping[str, str]:
        """Return Spark's page; its address contains a key that is valid for an hour."""
        return {"Spark UI": str(self._call("get_dashboard_for_job_run", jobRunId=run_id).get("url", ""))}

    def usage(self, run_id: str) -> Usage:
        """Return the billed resources, or those used where they are not billed yet."""
        found = self._describe(run_id)
        used = found.get("billedResourceUtilization") or found.get("totalResourceUtilization") or {}
        rates = (self._settings.usd_per_vcpu_hour, self._settings.usd_per_gb_hour)
        return Usage(used.get("vCPUHour", 0.0), used.get("memoryGBHour", 0.0), *rates)

    def _describe(self, run_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._call("get_job_run", jobRunId=run_id)["jobRun"]
        return found

    def _earlier(self, name: str) -> list[Mapping[str, Any]]:
        """List the runs of that name, newest first."""
        with emr_errors(self._application):
            pages = self._client.get_paginator("list_job_runs").paginate(applicationId=self._application)
            found = [one for page in pages for one in page["jobRuns"] if one.get("name") == name]
        return sorted(found, key=lambda one: one["createdAt"], reverse=True)

    def _call(self, operation: str, **request: Any) -> Mapping[str, Any]:
        with emr_errors(self._application):
            answer: Mapping[str, Any] = getattr(self._client, operation)(
                applicationId=self._application, **request
            )
        return answer


def _state(found: Mapping[str, Any]) -> RunState:
    return STATES.get(str(found["state"]), RunState.QUEUED)


def _escaped(parameter: str) -> str:
    if len(parameter.split()) != 1:
        raise UserError(
            f"{parameter!r} contains a space, at which EMR Serverless would split it",
            "use a name without spaces",
        )
    return parameter
