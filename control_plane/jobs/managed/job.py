"""A job as an application of the managed service: the same verbs as on the local stack.

All state is in the service, so each verb checks it first and can run again after an interruption: a version
is verified when there is a snapshot of it, and a job whose last operation is a stop was stopped on purpose.
"""

import json
import time
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from control_plane.jobs.backend import (
    Action,
    Deployed,
    Pruned,
    ReleaseRow,
    Rollback,
    Upgrade,
    UpgradeFailedError,
)
from control_plane.jobs.health import JobHealth
from control_plane.jobs.managed.client import RETURNABLE, Application, ManagedFlinkClient
from control_plane.jobs.managed.requests import (
    ApplicationSpec,
    code_of,
    return_to,
    run_configuration,
    without_secrets,
)
from control_plane.jobs.names import known_job
from control_plane.jobs.status import JobStatus, Restarts, unreachable
from control_plane.settings import ManagedFlinkSettings
from schemas.aws import AwsNotFoundError
from schemas.errors import UserError
from stack.console import print_message
from stack.settings import ROOT

STALLED_UPDATE_SECONDS = 1_200.0
LATEST, NAMED, NONE = (
    "RESTORE_FROM_LATEST_SNAPSHOT", "RESTORE_FROM_CUSTOM_SNAPSHOT", "SKIP_RESTORE_FROM_SNAPSHOT"
)  # fmt: skip


@dataclass(frozen=True)
class ManagedStatus(JobStatus):
    """The status that the service reports; without lag, watermark, restarts and checkpoints."""

    @property
    def reports_lag(self) -> bool:
        return False

    def lines(self) -> list[tuple[str, str]]:
        """Return only the known values."""
        rows = [(self.name, f"{self.state}, {self.verdict.name}: {self.verdict.reason}")]
        rows += [("changed", f"{self.uptime_seconds:,.0f} s ago")] if self.is_running else []
        return rows + ([("last failure", self.failure)] if self.failure else [])


@dataclass(frozen=True)
class ManagedJob:
    """One of our jobs as an application of the account."""

    name: str
    settings: ManagedFlinkSettings
    service: ManagedFlinkClient
    dry_run: bool = False

    @classmethod
    def of_environment(cls, name: str, *, dry_run: bool = False) -> "ManagedJob":
        """Open the application that the settings name."""
        known_job(name)
        settings = ManagedFlinkSettings.from_environment(name)
        return cls(name, settings, ManagedFlinkClient(settings), dry_run)

    def deploy(self, *, fresh: bool, source: Path, origin: str) -> Deployed:
        """Create the application if needed, update it, and start it."""
        _refuse_tree(source)
        spec = ApplicationSpec(self.settings, self.service.code())
        found = self.service.find()
        if self.dry_run:
            self._print_deployment(spec, found, self._restore(fresh=fresh, origin=origin, found=found))
            return Deployed("", "")
        if found is None:
            print_message(f"creating the application {self.service.application} …")
            self.service.call("create_application", **spec.creation())
        found = self.service.settled()
        if found.is_running:
            if fresh or origin:
                raise UserError(
                    f"{self.name} runs already", f"run ./taxi job stop {self.name}, then deploy it again"
                )
            print_message(f"{self.name} runs already")
            return self._deployed(found)
        if not spec.matches(found.description):
            self.service.call("update_application", **spec.update(found.token))
            found = self.service.settled()
        return self._deployed(self._start(self._restore(fresh=fresh, origin=origin, found=found)))

    def status(self) -> JobStatus:
        """Return what the service reports: a state, and why the newest change failed."""
        try:
            found = self.service.describe()
        except AwsNotFoundError as failure:
            return _absent(self.name, failure.message)
        failure_reason = self.service.failure_reason()
        since: datetime = found.description.get("LastUpdateTimestamp") or datetime.now(UTC)
        return ManagedStatus(
            name=self.name,
            state=found.status,
            is_running=found.is_running,
            job_id=str(found.description["ApplicationARN"]),
            uptime_seconds=(datetime.now(UTC) - since).total_seconds() if found.is_running else 0,
            restarts=Restarts(0, None, None),
            watermark=None,
            records_read=0,
            checkpoint=None,
            failure=failure_reason,
            verdict=_health(found, failure_reason, self.service.newest_snapshot()),
        )

    def savepoint(self) -> str:
        """Take a snapshot; return its name."""
        self._running("it cannot take a snapshot")
        return self.service.take_snapshot().name

    def upgrade(self, source: Path) -> Upgrade | None:
        """Update to the current code and settings; roll back when the verification fails."""
        _refuse_tree(source)
        spec = ApplicationSpec(self.settings, self.service.code())
        if self.dry_run:
            self._print_requests([_snapshot_request(), self._update_request(spec)])
            return None
        found = self._running("there is nothing to upgrade")
        if spec.matches(found.description):
            self._finish(found)
            return None
        begun = time.monotonic()
        before = self.service.take_snapshot().name
        print_message(f"took the snapshot {before} of {self.name}; updating …")
        self.service.call("update_application", **spec.update(self.service.describe().token))
        attempted = self._await_update(spec, found, before)
        away_seconds = time.monotonic() - begun
        self._verify(attempted, found.version, before)
        return Upgrade(
            job=self.name,
            release=attempted.version,
            previous_release=found.version,
            savepoint=before,
            away_seconds=round(away_seconds, 1),
            verified_seconds=round(time.monotonic() - begun, 1),
        )

    def rollback(self) -> Rollback:
        """Roll the service back to the previous version, from its newest snapshot."""
        found = self.service.describe()
        if found.status != "ROLLING_BACK":
            found = self._running("there is nothing to roll back")
            if found.rolled_back_from or not found.updated_from:
                was = (
                    f"it was rolled back from release {found.rolled_back_from}"
                    if found.rolled_back_from
                    else "it is new"
                )
                raise UserError(
                    f"{self.name} has no earlier release to roll back to: {was}",
                    f"run ./taxi job releases {self.name} to list its releases",
                )
            self.service.call("rollback_application", CurrentApplicationVersionId=found.version)
        back = self.service.settled()
        if not back.is_running:
            raise UserError(
                f"{self.name} is {back.status}: {self.service.failure_reason()}",
                f"run ./taxi job ensure {self.name}",
            )
        left = back.rolled_back_from or found.version
        return Rollback(self.name, back.version, left, self.service.newest_snapshot(), None)

    def ensure(self) -> Action:
        """Start an application that is meant to run; verify an update whose command was killed."""
        self.service.describe()  # an unreachable service is an error at once
        found = self.service.settled()
        last = self.service.last_operation()
        was_updated = last is not None and last.name == "UpdateApplication"
        if found.is_running:
            if was_updated and not self._is_proven(found):
                self._finish(found)
                return "verified"
            return "none"
        if last is None or last.name == "StopApplication":
            raise UserError(
                f"{self.name} is not meant to run", f"run ./taxi job deploy {self.name} to start it"
            )
        if was_updated and last.status == "FAILED":
            self._return_to(found.updated_from, self.service.newest_snapshot())
        else:
            self._start(self._restore(fresh=False, origin="", found=found))
        return "started"

    def stop(self, *, savepoint: bool) -> str:
        """Stop the application; by default the service takes a snapshot before."""
        found = self.service.describe()
        if found.status not in {"STOPPING", "FORCE_STOPPING"}:
            found = self.service.settled() if savepoint else found
            if found.status in {"READY", "ROLLED_BACK"}:
                print_message(f"{self.name} does not run")
                return ""
            self.service.call("stop_application", Force=not savepoint)
        stopped = self.service.settled()
        if stopped.is_running:
            raise UserError(
                f"{self.name} is still running: {self.service.failure_reason()}",
                f"run ./taxi job stop {self.name} --no-savepoint",
            )
        left = self.service.newest_snapshot() if savepoint else ""
        print_message(
            f"{self.name} is stopped; its snapshot is {left}" if left else f"{self.name} is stopped"
        )
        return left

    def releases(self) -> list[ReleaseRow]:
        """List the versions of the application that the service remembers."""
        now = self.service.describe()
        snapshots = self.service.snapshots()[::-1]
        rows = []
        for number in self.service.versions():
            was = self.service.version(number)
            made_at = was.get("ApplicationVersionCreateTimestamp")
            rows.append(
                ReleaseRow(
                    release=number,
                    made_at=made_at.isoformat(timespec="seconds") if made_at else "",
                    commit=code_of(was).version,
                    state=now.status if number == now.version else str(was["ApplicationStatus"]),
                    savepoints=[one.name for one in snapshots if one.version == number and one.is_ready],
                    folder=code_of(was).address,
                    is_current=number == now.version,
                )
            )
        return rows

    def prune(self, *, keep: int, dry_run: bool) -> list[Pruned]:
        """Delete snapshots, of which the service keeps a thousand at most; versions cannot be deleted."""
        now = self.service.describe()
        taken = [one for one in self.service.snapshots() if one.status in {"READY", "FAILED"}]
        ready = [one for one in taken if one.is_ready]
        candidates = [
            next((one.name for one in ready if one.version == number), "")
            for number in (now.version, now.updated_from)
        ]
        needed = {*candidates, *(one.name for one in ready[: max(1, keep)])}
        unneeded = [one for one in taken if one.name not in needed]
        for one in () if dry_run else unneeded:
            self.service.delete_snapshot(one)
        return [Pruned("savepoint", one.name, None, self.service.application) for one in unneeded]

    def _running(self, otherwise: str) -> Application:
        self.service.describe()
        found = self.service.settled()
        if not found.is_running:
            raise UserError(
                f"{self.name} is {found.status}, so {otherwise}",
                f"run ./taxi job deploy {self.name} to start it",
            )
        return found

    def _restore(self, *, fresh: bool, origin: str, found: Application | None) -> dict[str, Any]:
        if origin:
            return run_configuration(NAMED, origin)
        has_state = found is not None and not fresh and self.service.newest_snapshot()
        return run_configuration(LATEST if has_state else NONE)

    def _start(self, restore: dict[str, Any]) -> Application:
        print_message(
            f"starting {self.name} ({restore['ApplicationRestoreConfiguration']['ApplicationRestoreType']}) …"
        )
        self.service.call("start_application", RunConfiguration=restore)
        started = self.service.settled()
        if not started.is_running:
            reason = self.service.failure_reason() or "the service gives no reason"
            raise UserError(f"{self.name} did not start: {reason}", "see the application's log")
        print_message(f"{self.name} runs, version {started.version}")
        return started

    def _await_update(self, spec: ApplicationSpec, before: Application, snapshot: str) -> Application:
        """Return the application running the requested version; raises after rolling back from any other."""
        try:
            attempted = self.service.settled(STALLED_UPDATE_SECONDS)
        except UserError as failure:
            return self._undo(before.version, snapshot, failure.message)
        if attempted.is_running and spec.matches(attempted.description):
            return attempted
        failure_reason = self.service.failure_reason() or "the update failed, and the service gives no reason"
        if attempted.is_running:  # the service has rolled back automatically
            raise self._failed(before.version, failure_reason)
        return self._undo(before.version, snapshot, failure_reason)

    def _is_proven(self, found: Application) -> bool:
        snapshots = self.service.snapshots()
        return any(one.version == found.version and one.is_ready for one in snapshots)

    def _finish(self, found: Application) -> None:
        """Complete the update to a version that already runs; only its verification may be missing."""
        if not self._is_proven(found):
            print_message(f"the update to release {found.version} was interrupted; verifying it")
            self._verify(found, found.updated_from, self.service.newest_snapshot())
        print_message(f"{self.name} runs release {found.version} already")

    def _verify(self, attempted: Application, previous: int, snapshot: str) -> None:
        """Verify by a snapshot that all tasks run, since the service only reports RUNNING."""
        print_message(f"verifying release {attempted.version} by a snapshot …")
        try:
            self.service.take_snapshot()
        except UserError as failure:
            self._undo(previous, snapshot, failure.message)

    def _undo(self, previous: int, snapshot: str, reason: str) -> NoReturn:
        """Return to the previous version; always raises, with what failed and what runs now."""
        print_message(f"the update failed ({reason}); rolling back to release {previous}")
        found = self.service.describe()
        if found.status in RETURNABLE:
            self.service.call("rollback_application", CurrentApplicationVersionId=found.version)
            found = self.service.settled()
        if not found.is_running:
            self._return_to(previous, snapshot)
        raise self._failed(previous, reason)

    def _return_to(self, previous: int, snapshot: str) -> None:
        """Restore the previous version of a stopped application, and start it from that snapshot."""
        token = self.service.describe().token
        self.service.call("update_application", **return_to(self.service.version(previous), token, snapshot))
        self.service.settled()
        self._start(run_configuration(NAMED, snapshot) if snapshot else run_configuration(NONE))

    def _failed(self, previous: int, reason: str) -> UpgradeFailedError:
        return UpgradeFailedError(
            f"the upgrade of {self.name} failed: {reason}", f"release {previous} runs again"
        )

    def _deployed(self, found: Application) -> Deployed:
        return Deployed(str(found.description["ApplicationARN"]), found.status)

    def _print_deployment(
        self, spec: ApplicationSpec, found: Application | None, restore: dict[str, Any]
    ) -> None:
        start = {"ApplicationName": self.service.application, "RunConfiguration": restore}
        requests: list[tuple[str, dict[str, Any]]] = [("StartApplication", start)]
        if found is None:
            requests.insert(0, ("CreateApplication", spec.creation()))
        elif not spec.matches(found.description):
            requests.insert(0, self._update_request(spec))
        self._print_requests(requests)

    def _update_request(self, spec: ApplicationSpec) -> tuple[str, dict[str, Any]]:
        return "UpdateApplication", spec.update(self.service.describe().token)

    def _print_requests(self, requests: list[tuple[str, dict[str, Any]]]) -> None:
        shown = [{"operation": name, "request": without_secrets(request)} for name, request in requests]
        print(json.dumps(shown, indent=2))  # noqa: T201 - the output of --dry-run


def _snapshot_request() -> tuple[str, dict[str, Any]]:
    return "CreateApplicationSnapshot", {"SnapshotName": "taxi-<now>"}


def _absent(name: str, reason: str) -> ManagedStatus:
    down = unreachable(name, reason)
    return ManagedStatus(**{field.name: getattr(down, field.name) for field in fields(down)})


def _health(found: Application, failure_reason: str, snapshot: str) -> JobHealth:
    because = f" ({failure_reason})" if failure_reason else ""
    if found.status in {"READY", "ROLLED_BACK", "DELETING"}:
        return JobHealth("down", f"the application is {found.status}{because}")
    if not found.is_running:
        return JobHealth("degraded", f"the application is {found.status}{because}")
    newest = f"its newest snapshot is {snapshot}" if snapshot else "it has no snapshot yet"
    return JobHealth("healthy", f"the service reports RUNNING; {newest}")


def _refuse_tree(source: Path) -> None:
    if source != ROOT:
        raise UserError(
            "the managed service reads its code from S3, not from a tree",
            "leave out --source, and set MANAGED_FLINK_CODE_KEY or MANAGED_FLINK_CODE_VERSION",
        )
