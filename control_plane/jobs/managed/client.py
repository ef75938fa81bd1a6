"""One application of the managed service: its state, its history, and its operations in progress."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from control_plane.jobs.managed.requests import CodeObject
from control_plane.settings import ManagedFlinkSettings
from producer.fetching.object_store import S3Prefix
from schemas.aws import AwsNotFoundError, AwsService, aws_client, translate_aws_errors
from schemas.errors import UserError
from stack.waiting import Polling, WaitProgress, wait_until

SETTLED = frozenset({"READY", "RUNNING", "ROLLED_BACK"})
RETURNABLE = frozenset({"RUNNING", "UPDATING", "AUTOSCALING"})
POLL_SECONDS = 3.0
STALLED_CHANGE_SECONDS = 1_200.0
STALLED_SNAPSHOT_SECONDS = 600.0
T = TypeVar("T")
MANAGED_FLINK = AwsService(
    name="the managed service",
    unreachable="check the network and MANAGED_FLINK_ENDPOINT_URL",
    absent="there is no application {what} in this account and region ({message})",
    absent_remedy="run ./taxi job deploy to create it, or check MANAGED_FLINK_APPLICATION and AWS_REGION",
    invalid="check the MANAGED_FLINK_ settings",
)


@dataclass(frozen=True)
class Application:
    """An application at one moment."""

    description: Mapping[str, Any]

    @property
    def status(self) -> str:
        """The service's name of its state."""
        return str(self.description["ApplicationStatus"])

    @property
    def is_running(self) -> bool:
        """Whether it runs, as far as the service reports."""
        return self.status == "RUNNING"

    @property
    def version(self) -> int:
        """The version number, which grows with each change."""
        return int(self.description["ApplicationVersionId"])

    @property
    def updated_from(self) -> int:
        """The version before the newest update; 0 without one."""
        return int(self.description.get("ApplicationVersionUpdatedFrom", 0))

    @property
    def rolled_back_from(self) -> int:
        """The version that a rollback left; 0 without one."""
        return int(self.description.get("ApplicationVersionRolledBackFrom", 0))

    @property
    def token(self) -> str:
        """The token that an update must send, so that concurrent updates do not overwrite each other."""
        return str(self.description["ConditionalToken"])


@dataclass(frozen=True)
class Snapshot:
    """A snapshot, the service's name of a savepoint."""

    name: str
    status: str
    version: int
    created_at: datetime

    @property
    def is_ready(self) -> bool:
        """Whether a job can be restored from it."""
        return self.status == "READY"


@dataclass(frozen=True)
class Operation:
    """An operation on an application."""

    name: str
    operation_id: str
    status: str


class ManagedFlinkClient:
    """A client of the managed service for one application."""

    def __init__(self, settings: ManagedFlinkSettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.application = settings.application
        self._settings = settings
        self._poll_seconds = poll_seconds
        with translate_aws_errors(self.application, MANAGED_FLINK):
            self._client = aws_client(
                "kinesisanalyticsv2", region=settings.region, endpoint_url=settings.endpoint_url
            )

    def call(self, operation: str, **request: Any) -> Mapping[str, Any]:
        """Send one request; raises UserError with the service's own message."""
        with translate_aws_errors(self.application, MANAGED_FLINK):
            answer: Mapping[str, Any] = getattr(self._client, operation)(
                **{"ApplicationName": self.application, **request}
            )
        return answer

    def describe(self) -> Application:
        """Return the current application; raises AwsNotFoundError."""
        return Application(self.call("describe_application")["ApplicationDetail"])

    def find(self) -> Application | None:
        """Return the application, None if it does not exist."""
        try:
            return self.describe()
        except AwsNotFoundError:
            return None

    def version(self, number: int) -> Mapping[str, Any]:
        """Return the description of an earlier version."""
        answer = self.call("describe_application_version", ApplicationVersionId=number)
        earlier: Mapping[str, Any] = answer["ApplicationVersionDetail"]
        return earlier

    def settled(self, stalled_seconds: float = STALLED_CHANGE_SECONDS) -> Application:
        """Wait until no operation is in progress; return the application."""

        def probe() -> Application | None:
            found = self.describe()
            return found if found.status in SETTLED else None

        return self._wait_until(probe, stalled_seconds, f"{self.application} to settle")

    def take_snapshot(self) -> Snapshot:
        """Take a snapshot; wait first for one that is already in progress."""
        self._wait_until(
            lambda: all(one.status != "CREATING" for one in self.snapshots()),
            STALLED_SNAPSHOT_SECONDS,
            "the snapshot",
        )
        name = f"taxi-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
        self.call("create_application_snapshot", SnapshotName=name)

        def probe() -> Snapshot | None:
            found = self.call("describe_application_snapshot", SnapshotName=name)["SnapshotDetails"]
            return None if found["SnapshotStatus"] == "CREATING" else _snapshot(found)

        taken = self._wait_until(probe, STALLED_SNAPSHOT_SECONDS, f"snapshot {name}")
        if not taken.is_ready:
            raise UserError(
                f"snapshot {name} of {self.application} is {taken.status}", "see the application's log"
            )
        return taken

    def snapshots(self) -> list[Snapshot]:
        """List every snapshot, newest first."""
        found = self._pages("list_application_snapshots", "SnapshotSummaries")
        return sorted(map(_snapshot, found), key=lambda one: one.created_at, reverse=True)

    def delete_snapshot(self, snapshot: Snapshot) -> None:
        self.call(
            "delete_application_snapshot",
            SnapshotName=snapshot.name,
            SnapshotCreationTimestamp=snapshot.created_at,
        )

    def newest_snapshot(self) -> str:
        """Return the name of the snapshot to restore from; empty when there is none."""
        return next((one.name for one in self.snapshots() if one.is_ready), "")

    def versions(self) -> list[int]:
        """List the numbers of every version, oldest first."""
        found = self._pages("list_application_versions", "ApplicationVersionSummaries")
        return sorted(int(one["ApplicationVersionId"]) for one in found)

    def last_operation(self) -> Operation | None:
        """Return the last operation on the application."""
        found = self.call("list_application_operations", Limit=50)["ApplicationOperationInfoList"]
        newest = max(found, key=lambda one: one["StartTime"], default=None)
        return newest and Operation(newest["Operation"], newest["OperationId"], newest["OperationStatus"])

    def failure_reason(self) -> str:
        """Return why the newest operation failed, in the service's words; empty when it did not."""
        last = self.last_operation()
        if last is None or last.status != "FAILED":
            return ""
        response = self.call("describe_application_operation", OperationId=last.operation_id)
        details = response["ApplicationOperationInfoDetails"].get("OperationFailureDetails", {})
        return str(details.get("ErrorInfo", {}).get("ErrorString", "")) or f"{last.name} failed"

    def code(self) -> CodeObject:
        """Return the code zip that the settings name, with its current version in the bucket."""
        bucket, key = self._settings.code_bucket, self._settings.code_key
        if not bucket:
            raise UserError("MANAGED_FLINK_CODE_BUCKET is not set", "set it to the bucket of the code zip")
        if self._settings.code_version:
            return CodeObject(bucket, key, self._settings.code_version)
        store = S3Prefix(bucket, "", self._settings.s3_endpoint_url, self._settings.region)
        found = store.head(key)
        if found is None:
            raise UserError(
                f"there is no code at {store.uri(key)}", "upload it, or set MANAGED_FLINK_CODE_KEY"
            )
        version = found.get("VersionId", "")
        return CodeObject(bucket, key, "" if version == "null" else version)

    def _pages(self, operation: str, field: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            answer = self.call(operation, Limit=50, **token)
            found += answer.get(field, [])
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}

    def _wait_until(self, probe: Callable[[], T | None], stalled_seconds: float, what: str) -> T:
        return wait_until(
            probe,
            what=what,
            progress=self._progress,
            stalled_seconds=stalled_seconds,
            polling=Polling(self._poll_seconds),
        )

    def _progress(self) -> WaitProgress:
        now = self.describe()
        return WaitProgress(f"it is {now.status}", (now.status, now.version))


def _snapshot(found: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        name=found["SnapshotName"],
        status=found["SnapshotStatus"],
        version=int(found["ApplicationVersionId"]),
        created_at=found.get("SnapshotCreationTimestamp") or datetime.fromtimestamp(0, UTC),
    )
