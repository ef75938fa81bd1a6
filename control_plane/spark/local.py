"""The backfill by spark-submit on this machine, in the background: it outlives the waiting process."""

import hashlib
import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from control_plane.settings import SparkSettings, SparkTarget
from control_plane.spark import local_submit
from control_plane.spark.quick_java import java_options
from control_plane.spark.spark_backend import RunLogs, RunState, SparkRun, Usage, code_name, run_name
from schemas.atomic_file import write_json
from schemas.errors import UserError
from stack.console import console
from stack.files import sha256_of
from stack.locks import file_lock
from stack.ports import any_free_port
from stack.settings import ROOT, user_environment
from stack.supervision.progress import CpuSeconds, LogGrowth, processes
from stack.waiting import Polling, wait_until

RUN_VARIABLE = "TAXI_SPARK_RUN"
DRIVER_GB = 3.0
STALLED_RUN_SECONDS = 300.0
CODE_FOLDERS = ("batch_backfill", "schemas")
CODE_SUFFIXES = {".py", ".sql"}
KEEPER = """
echo $$ >"$0/pid"
"$@" >"$0/stdout" 2>"$0/stderr"
echo $? >"$0/code.part"
mv "$0/code.part" "$0/code"
"""
"""Shell script that outlives its caller, and records how Spark ended."""


class LocalSpark:
    """Runs below `.taxi/spark-runs`, a folder each."""

    place = SparkTarget.LOCAL

    def __init__(self, settings: SparkSettings) -> None:
        self._settings = settings
        self._runs = settings.home / "spark-runs"

    def code(self) -> str:
        """Return the fingerprint of this tree's sources."""
        digest = hashlib.sha256()
        for path in sorted(path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES:
                digest.update(f"{path.relative_to(ROOT)} {sha256_of(path)}\n".encode())
        return code_name(digest.hexdigest(), self._settings)

    def submit(self, arguments: Sequence[str], token: str = "") -> str:
        """Start a run, or find the one that an earlier call has started."""
        name = run_name(arguments, str(ROOT), token)
        with file_lock(self._runs / ".lock", "another ./taxi is starting Spark; waiting for it"):
            found = self._found(name, token)
            if not found:
                self._let_others_end(arguments)
            return found or self._start(name, arguments)

    def state(self, run_id: str) -> SparkRun:
        folder = self._folder(run_id)
        seconds = self._seconds(folder)
        if (folder / "cancelled").exists():
            state = RunState.RUNNING if self._process(folder) else RunState.CANCELLED
            return SparkRun(run_id, state, "", seconds)
        if not (folder / "code").exists():
            if self._process(folder):
                return SparkRun(run_id, RunState.RUNNING, "", seconds)
            if not (folder / "code").exists():  # it may have ended just now
                return SparkRun(run_id, RunState.FAILED, "it was killed by another process", seconds)
        code = (folder / "code").read_text().strip()
        state = RunState.SUCCEEDED if code == "0" else RunState.FAILED
        return SparkRun(run_id, state, f"exit code {code}", seconds)

    def cancel(self, run_id: str) -> None:
        """Stop Spark and wait until it is gone."""
        folder = self._folder(run_id)
        if self.state(run_id).state.has_ended:
            return
        (folder / "cancelled").touch()
        process = self._process(folder)
        if process is not None:
            # Java gives Python time to exit; a process that remains after that has no work worth keeping.
            os.killpg(os.getpgid(process.pid), signal.SIGKILL)
            wait_until(lambda: self._process(folder) is None, what=f"{run_id} to end")

    def logs(self, run_id: str) -> RunLogs:
        """Return the output so far."""
        folder = self._folder(run_id)
        stdout, stderr = (
            (folder / name).read_text(errors="replace") if (folder / name).exists() else ""
            for name in ("stdout", "stderr")
        )
        return RunLogs(stdout, stderr, str(folder))

    def links(self, run_id: str) -> Mapping[str, str]:
        """Return Spark's page, while it runs."""
        return {"Spark UI": f"http://127.0.0.1:{self._note(self._folder(run_id))['ui_port']}"}

    def usage(self, run_id: str) -> Usage:
        """Count all cores of this machine and Spark's memory for the duration of the run."""
        hours = self.state(run_id).seconds / 3600
        rates = (self._settings.usd_per_vcpu_hour, self._settings.usd_per_gb_hour)
        return Usage((os.cpu_count() or 1) * hours, DRIVER_GB * hours, *rates)

    def _start(self, name: str, arguments: Sequence[str]) -> str:
        run_id = f"local-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
        folder, port = self._runs / run_id, any_free_port()
        note = {"name": name, "arguments": list(arguments), "ui_port": port, "started_at": time.time()}
        write_json(folder / "note.json", note)
        program = str(ROOT / "batch_backfill" / "__main__.py")
        port_option = ("--conf", f"spark.ui.port={port}")
        s3_options = local_submit.s3_options(arguments, self._settings)
        options = [*port_option, *s3_options, *java_options(arguments)]
        command = local_submit.submit_command([*options, program, *arguments])
        # The shell exits at once, so that the run is not a child of the process that waits for it.
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", "/bin/sh", "-c", KEEPER, str(folder), *command],
            env={**user_environment(), **local_submit.environment(self._settings.home), RUN_VARIABLE: run_id},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )
        wait_until(lambda: self._process(folder) or (folder / "code").exists(), what="Spark to start")
        return run_id

    def _found(self, name: str, token: str) -> str:
        wanted = {RunState.RUNNING, *([RunState.SUCCEEDED] if token else [])}
        for folder in self._newest_first():
            if self._note(folder)["name"] == name and self.state(folder.name).state in wanted:
                return folder.name
        return ""

    def _let_others_end(self, arguments: Sequence[str]) -> None:
        """Wait for a run that writes to the same place: two runs must not replace a month at a time."""
        place = _written_to(arguments)

        def others() -> list[str]:
            at_it = [folder for folder in self._newest_first() if self._process(folder)]
            return [one.name for one in at_it if place and _written_to(self._note(one)["arguments"]) == place]

        if busy := others():
            console().print(f"{busy[0]} also writes to {place}; waiting for it to end", highlight=False)
            folders = [self._runs / name for name in busy]
            logs = LogGrowth(folder / name for folder in folders for name in ("stdout", "stderr"))
            keepers = [keeper for folder in folders if (keeper := self._process(folder))]
            cpu = CpuSeconds(lambda: [one for keeper in keepers for one in processes(keeper.pid)])
            wait_until(
                lambda: not others(),
                what=f"{busy[0]} to end",
                progress=lambda: (logs(), cpu()),
                stalled_seconds=STALLED_RUN_SECONDS,
                polling=Polling(1.0),
            )

    def _newest_first(self) -> list[Path]:
        return sorted((note.parent for note in self._runs.glob("*/note.json")), reverse=True)

    def _folder(self, run_id: str) -> Path:
        folder = self._runs / run_id
        if not (folder / "note.json").exists():
            raise UserError(f"there is no run {run_id} on this machine", f"see {self._runs}")
        return folder

    def _note(self, folder: Path) -> dict[str, Any]:
        note: dict[str, Any] = json.loads((folder / "note.json").read_text())
        return note

    def _process(self, folder: Path) -> psutil.Process | None:
        """Return the process that supervises the run, unless its process id now belongs to another."""
        try:
            process = psutil.Process(int((folder / "pid").read_text()))
            alive = process.status() != psutil.STATUS_ZOMBIE
            return process if alive and process.environ().get(RUN_VARIABLE) == folder.name else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _seconds(self, folder: Path) -> float:
        code = folder / "code"
        end = code.stat().st_mtime if code.exists() else time.time()
        return max(0.0, end - float(self._note(folder)["started_at"]))


def _written_to(arguments: Sequence[str]) -> str:
    pairs = zip(arguments, [*arguments[1:], ""], strict=False)
    return next((value for name, value in pairs if name == "--processed"), "")
