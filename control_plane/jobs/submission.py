"""Plans and submits a job, each in a separate program."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from control_plane.jobs.wiring import Wiring
from schemas.errors import UserError
from schemas.time_zone import UTC_JVM
from stack.endpoints import Endpoints
from stack.locks import file_lock
from stack.services.flink import client_environment
from stack.settings import ROOT, user_environment
from stack.supervision.progress import await_exit
from stack.toolchain.java import innermost_cause

SETTINGS = ("FLINK_PARALLELISM", "CONSUMER_GROUP")
"""The job settings that a user may give by environment variables; a release keeps them."""

BRIEF_JVM = f"{UTC_JVM} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""JVM options for planning: it needs a third less CPU without the compiler that pays off after minutes."""


def current_configuration() -> dict[str, str]:
    """Return the job settings from the caller's environment."""
    environment = user_environment()
    return {name: environment[name] for name in SETTINGS if environment.get(name)}


@dataclass(frozen=True)
class JobProgram:
    """A job whose code and jars are in a folder, as the program that plans and submits it."""

    endpoints: Endpoints
    wiring: Wiring
    folder: Path
    configuration: Mapping[str, str]

    @property
    def graph(self) -> Path:
        """The job graph, planned for specific addresses and paths, which it contains."""
        variables = {**self.endpoints.job_environment(), **self.wiring.as_environment()}
        known = hashlib.sha256(json.dumps(variables, sort_keys=True).encode()).hexdigest()
        return self.folder / f"graph-{known[:12]}.bin"

    def plan(self) -> None:
        """Write the plan and the job graph into the folder."""
        arguments = ["plan", self.wiring.job, str(self.folder), str(self.graph)]
        self._run(arguments, f"{self.wiring.name} cannot be planned")

    def submit(self, job_id: str, origin: str) -> None:
        """Run the planned job under this id, from this savepoint or checkpoint if given."""
        # The program inherits the lock and keeps it when this process is killed, so that the next command
        # does not look for the job before it exists.
        with _submission_lock(self.endpoints, self.wiring.name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            arguments = ["submit", str(self.graph), job_id, origin]
            self._run(arguments, f"{self.wiring.name} could not be submitted", held=(lock.fileno(),))

    def _run(self, arguments: Sequence[str], failure_message: str, held: Sequence[int] = ()) -> None:
        verb = {"plan": "plans", "submit": "submits"}[arguments[0]]
        log = self.endpoints.home / "logs" / f"{arguments[0]}-{self.wiring.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "control_plane.jobs.submitter", *arguments],
                env=self._environment(),
                cwd=self.folder / "code",
                stdout=stream,
                stderr=subprocess.STDOUT,
                pass_fds=held,
            )
            code = await_exit(process, what=f"the program that {verb} {self.wiring.name}", log=log)
        if code:
            log_text = log.read_text("utf-8", "replace")
            raise UserError(
                f"{failure_message}: {innermost_cause(log_text) or 'no cause was given'}",
                f"see {log}",
            )

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in user_environment().items() if name not in SETTINGS}
        return {
            **inherited,
            **self.endpoints.job_environment(),
            **client_environment(self.endpoints),
            **self.configuration,
            # The release's own code first: its `flink_jobs` and `schemas` are those that were kept with it.
            "PYTHONPATH": os.pathsep.join((str(self.folder / "code"), str(ROOT))),
            **self.wiring.as_environment(),
            "FLINK_CONNECTOR_JARS": ":".join(map(str, sorted((self.folder / "jars").glob("*.jar")))),
            "FLINK_RESTORE_FROM": "",
            "JVM_ARGS": BRIEF_JVM,
        }


def await_other_submission(endpoints: Endpoints, name: str) -> None:
    """Wait for the end of a submission that a killed command left running."""
    with file_lock(
        _submission_lock(endpoints, name), f"{name} is being submitted by another command; waiting for it"
    ):
        return


def _submission_lock(endpoints: Endpoints, name: str) -> Path:
    return endpoints.home / "jobs" / f"{name}.submission.lock"
