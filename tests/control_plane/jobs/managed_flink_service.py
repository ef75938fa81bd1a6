"""A stand-in for AWS' managed Flink: its states, which take their time, and its refusals.

Every request and every answer is held against the service model that AWS ships with botocore, so that it
cannot drift from the real interface. When states change is ours: a transient one lasts for two looks.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal

from botocore.session import get_session
from botocore.validate import ParamValidator

MODEL = get_session().get_service_model("kinesisanalyticsv2")
POLLS_UNTIL_DONE = 2
ARN = "arn:aws:kinesisanalytics:us-east-1:123456789012:application"

Behaviour = Literal["works", "does not start", "leaves nothing running", "hangs", "does no work"]
Answer = dict[str, Any]


class ManagedFlinkApiError(Exception):
    """An error of the service: its name and what it says."""


@dataclass
class ManagedFlink:
    """One account with at most one application."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    """By version of the code object; what is not named works."""
    calls: list[str] = field(default_factory=list)
    status: str = ""
    number: int = 0
    """The version of the application."""
    versions: dict[int, Answer] = field(default_factory=dict)
    updated_from: int = 0
    rolled_back_from: int = 0
    token: int = 1
    operations: list[Answer] = field(default_factory=list)
    snapshots: list[Answer] = field(default_factory=list)
    is_intruded: bool = False
    """Somebody else changes the application just before our next update."""
    _clock: int = 1_700_000_000
    _polls_left: int = 0
    _then: Callable[[], None] | None = None

    def answer(self, operation: str, request: Answer) -> Answer:
        """What the service says; raises ManagedFlinkApiError."""
        known = MODEL.operation_model(operation)
        _hold_against(request, known.input_shape)
        self.calls.append(operation)
        if operation != "CreateApplication" and not self.versions:
            raise ManagedFlinkApiError("ResourceNotFoundException", "no such application")
        answer: Answer = getattr(self, f"on_{operation}")(request)
        _hold_against(answer, known.output_shape)
        return answer

    def on_CreateApplication(self, request: Answer) -> Answer:  # noqa: N802 - named as AWS does
        if self.versions:
            raise ManagedFlinkApiError("ResourceInUseException", "the application exists")
        self.number, self.status = 1, "READY"
        self.versions[1] = {**request, "configuration": _described(request["ApplicationConfiguration"])}
        return {"ApplicationDetail": self._detail(1)}

    def on_DescribeApplication(self, _: Answer) -> Answer:  # noqa: N802
        self._advance()
        return {"ApplicationDetail": self._detail(self.number)}

    def on_DescribeApplicationVersion(self, request: Answer) -> Answer:  # noqa: N802
        if request["ApplicationVersionId"] not in self.versions:
            raise ManagedFlinkApiError("ResourceNotFoundException", "no such version")
        return {"ApplicationVersionDetail": self._detail(request["ApplicationVersionId"])}

    def on_ListApplicationVersions(self, _: Answer) -> Answer:  # noqa: N802
        found = [{"ApplicationVersionId": one, "ApplicationStatus": "READY"} for one in self.versions]
        return {"ApplicationVersionSummaries": found[::-1]}

    def on_StartApplication(self, request: Answer) -> Answer:  # noqa: N802
        self._refuse_unless({"READY"})
        restore = request["RunConfiguration"]["ApplicationRestoreConfiguration"]
        self._refuse_unknown_snapshot(restore)
        operation = self._operation("StartApplication")
        works = self._behaviour() in {"works", "does no work"}
        self._change("STARTING", lambda: self._end(operation, "RUNNING" if works else "READY", works=works))
        return {"OperationId": operation["OperationId"]}

    def on_StopApplication(self, request: Answer) -> Answer:  # noqa: N802
        force = request.get("Force", False)
        self._refuse_unless(
            {"RUNNING", *({"STARTING", "UPDATING", "STOPPING", "AUTOSCALING"} if force else set())}
        )
        operation = self._operation("StopApplication")

        def end() -> None:
            if not force:
                self._snapshot(f"app-stop-{self._now()}", "READY")
            self._end(operation, "READY", works=True)

        self._change("FORCE_STOPPING" if force else "STOPPING", end)
        return {"OperationId": operation["OperationId"]}

    def on_UpdateApplication(self, request: Answer) -> Answer:  # noqa: N802
        self._refuse_unless({"READY", "RUNNING"})
        if self.is_intruded:
            self.token, self.is_intruded = self.token + 1, False
        if request.get("ConditionalToken") != str(self.token):
            raise ManagedFlinkApiError("ConcurrentModificationException", "the token is not the current one")
        self._refuse_unknown_snapshot(request["RunConfigurationUpdate"]["ApplicationRestoreConfiguration"])
        before, was = self.number, self.versions[self.number]
        changed = _changed(was["configuration"], request["ApplicationConfigurationUpdate"])
        self._add_version({**was, "configuration": changed})
        self.updated_from, self.rolled_back_from = before, 0
        operation = self._operation("UpdateApplication")
        if self.status == "READY":
            self._end(operation, "READY", works=True)
        else:
            self._change("UPDATING", lambda: self._end_update(operation, before))
        return {"ApplicationDetail": self._detail(self.number), "OperationId": operation["OperationId"]}

    def on_RollbackApplication(self, request: Answer) -> Answer:  # noqa: N802
        self._refuse_unless({"RUNNING", "UPDATING", "AUTOSCALING"})
        if request["CurrentApplicationVersionId"] != self.number:
            raise ManagedFlinkApiError("ConcurrentModificationException", "not the current version")
        if not any(one["SnapshotStatus"] == "READY" for one in self.snapshots) or not self.updated_from:
            raise ManagedFlinkApiError("InvalidRequestException", "there is nothing to roll back to")
        operation = self._operation("RollbackApplication")
        self._roll_back(self.updated_from, lambda: self._end(operation, "RUNNING", works=True))
        return {"ApplicationDetail": self._detail(self.number), "OperationId": operation["OperationId"]}

    def on_CreateApplicationSnapshot(self, request: Answer) -> Answer:  # noqa: N802
        self._refuse_unless({"RUNNING"})
        if any(one["SnapshotStatus"] == "CREATING" for one in self.snapshots):
            raise ManagedFlinkApiError("ResourceInUseException", "a snapshot is being taken")
        self._snapshot(request["SnapshotName"], "CREATING")
        return {}

    def on_DescribeApplicationSnapshot(self, request: Answer) -> Answer:  # noqa: N802
        found = next((one for one in self.snapshots if one["SnapshotName"] == request["SnapshotName"]), None)
        if found is None:
            raise ManagedFlinkApiError("ResourceNotFoundException", "no such snapshot")
        return {"SnapshotDetails": self._aged(found)}

    def on_ListApplicationSnapshots(self, _: Answer) -> Answer:  # noqa: N802
        return {"SnapshotSummaries": [self._aged(one) for one in self.snapshots]}

    def on_DeleteApplicationSnapshot(self, request: Answer) -> Answer:  # noqa: N802
        wanted = (request["SnapshotName"], request["SnapshotCreationTimestamp"])
        left = [one for one in self.snapshots if _key(one) != wanted]
        if len(left) == len(self.snapshots):
            raise ManagedFlinkApiError("ResourceNotFoundException", "no such snapshot")
        self.snapshots = left
        return {}

    def on_ListApplicationOperations(self, _: Answer) -> Answer:  # noqa: N802
        fields = ("Operation", "OperationId", "OperationStatus", "StartTime")
        return {
            "ApplicationOperationInfoList": [{key: one[key] for key in fields} for one in self.operations]
        }

    def on_DescribeApplicationOperation(self, request: Answer) -> Answer:  # noqa: N802
        found = next(one for one in self.operations if one["OperationId"] == request["OperationId"])
        error = {"ErrorInfo": {"ErrorString": "the code raised ValueError"}}
        failed = {"OperationFailureDetails": error} if found["OperationStatus"] == "FAILED" else {}
        details = {key: value for key, value in found.items() if key != "OperationId"}
        return {"ApplicationOperationInfoDetails": {**details, "EndTime": self._now(), **failed}}

    def _detail(self, number: int) -> Answer:
        version = self.versions[number]
        came_from = {"ApplicationVersionUpdatedFrom": self.updated_from} if self.updated_from else {}
        left = {"ApplicationVersionRolledBackFrom": self.rolled_back_from} if self.rolled_back_from else {}
        return {
            "ApplicationARN": f"{ARN}/{version['ApplicationName']}",
            "ApplicationName": version["ApplicationName"],
            "RuntimeEnvironment": version["RuntimeEnvironment"],
            "ApplicationStatus": self.status,
            "ApplicationVersionId": number,
            "LastUpdateTimestamp": self._clock,
            "ApplicationVersionCreateTimestamp": self._clock,
            "ConditionalToken": str(self.token),
            "ApplicationConfigurationDescription": version["configuration"],
            **came_from,
            **left,
        }

    def _end_update(self, operation: Answer, before: int) -> None:
        behaviour = self._behaviour()
        if behaviour in {"works", "does no work"}:
            self._end(operation, "RUNNING", works=True)
        elif behaviour == "hangs":
            self._change("UPDATING", lambda: self._end_update(operation, before))
        elif behaviour == "leaves nothing running":
            self._end(operation, "READY", works=False)
        else:
            self._roll_back(before, lambda: self._end(operation, "RUNNING", works=False))

    def _roll_back(self, to: int, then: Callable[[], None]) -> None:
        left = self.number

        def end() -> None:
            self._add_version(self.versions[to])
            self.updated_from, self.rolled_back_from = 0, left
            then()

        self._change("ROLLING_BACK", end)

    def _add_version(self, version: Answer) -> None:
        self.number += 1
        self.token += 1
        self.versions[self.number] = version

    def _change(self, status: str, then: Callable[[], None]) -> None:
        self.status, self._polls_left, self._then = status, POLLS_UNTIL_DONE, then

    def _advance(self) -> None:
        self._polls_left -= 1
        if self._then is not None and self._polls_left <= 0:
            then, self._then = self._then, None
            then()

    def _end(self, operation: Answer, status: str, *, works: bool) -> None:
        self.status = status
        operation["OperationStatus"] = "SUCCESSFUL" if works else "FAILED"

    def _operation(self, name: str) -> Answer:
        entry = {
            "Operation": name,
            "OperationId": f"op-{len(self.operations)}",
            "OperationStatus": "IN_PROGRESS",
        }
        entry["StartTime"] = self._now()  # type: ignore[assignment]
        self.operations.append(entry)
        return entry

    def _snapshot(self, name: str, status: str) -> None:
        entry = {"SnapshotName": name, "SnapshotStatus": status, "ApplicationVersionId": self.number}
        self.snapshots.append({**entry, "SnapshotCreationTimestamp": self._now(), "looks": POLLS_UNTIL_DONE})

    def _aged(self, snapshot: Answer) -> Answer:
        snapshot["looks"] -= 1
        if snapshot["SnapshotStatus"] == "CREATING" and snapshot["looks"] <= 0:
            snapshot["SnapshotStatus"] = "FAILED" if self._behaviour() == "does no work" else "READY"
        return {key: value for key, value in snapshot.items() if key != "looks"}

    def _behaviour(self) -> Behaviour:
        code = self.versions[self.number]["configuration"]["ApplicationCodeConfigurationDescription"]
        location = code["CodeContentDescription"]["S3ApplicationCodeLocationDescription"]
        return self.behaviours.get(location.get("ObjectVersion", ""), "works")

    def _refuse_unless(self, allowed: set[str]) -> None:
        if self.status not in allowed:
            raise ManagedFlinkApiError("ResourceInUseException", f"the application is {self.status}")

    def _refuse_unknown_snapshot(self, restore: Answer) -> None:
        names = {one["SnapshotName"] for one in self.snapshots}
        if restore.get("SnapshotName", "") not in {"", *names}:
            raise ManagedFlinkApiError("InvalidApplicationConfigurationException", "no such snapshot")

    def _now(self) -> int:
        self._clock += 1
        return self._clock


def _key(snapshot: Answer) -> tuple[str, int]:
    return snapshot["SnapshotName"], snapshot["SnapshotCreationTimestamp"]


def _hold_against(content: Answer, shape: Any) -> None:
    report = ParamValidator().validate(content, shape)
    if report.has_errors():
        raise ManagedFlinkApiError("InvalidArgumentException", report.generate_report())


def _described(configuration: Answer) -> Answer:
    """A configuration as the service describes it."""
    flink, code = (
        configuration["FlinkApplicationConfiguration"],
        configuration["ApplicationCodeConfiguration"],
    )
    location = code["CodeContent"]["S3ContentLocation"]
    return {
        "ApplicationCodeConfigurationDescription": {
            "CodeContentType": code["CodeContentType"],
            "CodeContentDescription": {"S3ApplicationCodeLocationDescription": location},
        },
        "FlinkApplicationConfigurationDescription": {
            f"{name}Description": value for name, value in flink.items()
        },
        "EnvironmentPropertyDescriptions": {
            "PropertyGroupDescriptions": configuration["EnvironmentProperties"]["PropertyGroups"]
        },
        "ApplicationSnapshotConfigurationDescription": configuration["ApplicationSnapshotConfiguration"],
        "ApplicationSystemRollbackConfigurationDescription": configuration[
            "ApplicationSystemRollbackConfiguration"
        ],
    }


def _changed(was: Answer, update: Answer) -> Answer:
    """A description after an update of what it may change."""
    code = update["ApplicationCodeConfigurationUpdate"]["CodeContentUpdate"]["S3ContentLocationUpdate"]
    location = {key.removesuffix("Update"): value for key, value in code.items()}
    flink = dict(was["FlinkApplicationConfigurationDescription"])
    for name, values in update["FlinkApplicationConfigurationUpdate"].items():
        described = f"{name.removesuffix('Update')}Description"
        changes = {key.removesuffix("Update"): value for key, value in values.items()}
        flink[described] = {**flink[described], **changes}
    return {
        **was,
        "ApplicationCodeConfigurationDescription": {
            "CodeContentType": "ZIPFILE",
            "CodeContentDescription": {"S3ApplicationCodeLocationDescription": location},
        },
        "FlinkApplicationConfigurationDescription": flink,
        "EnvironmentPropertyDescriptions": {
            "PropertyGroupDescriptions": update["EnvironmentPropertyUpdates"]["PropertyGroups"]
        },
    }


@contextmanager
def serving(service: ManagedFlink) -> Iterator[str]:
    """The stand-in on a free port of this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                code, body = 200, service.answer(self.headers["X-Amz-Target"].partition(".")[2], request)
            except ManagedFlinkApiError as refusal:
                code, body = 400, {"__type": refusal.args[0], "message": refusal.args[1]}
            text = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
