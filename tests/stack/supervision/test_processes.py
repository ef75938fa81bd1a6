"""Our processes are found by what they carry, and nobody else's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from stack.supervision.identity import identity
from stack.supervision.processes import end_processes, own_processes

WAITING = [sys.executable, "-c", "import sys; sys.stdout.write('up'); sys.stdout.flush(); sys.stdin.read()"]


@contextmanager
def waiting_process(variables: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, **variables}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(WAITING, env=environment, cwd=folder, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.read(2) == b"up"
        try:
            yield process
        finally:
            process.kill()


def test_an_orphan_is_found_by_its_environment(tmp_path: Path) -> None:
    with waiting_process(identity(tmp_path, "kafka"), tmp_path) as orphan:
        assert [(own.service, own.process.pid) for own in own_processes(tmp_path)] == [("kafka", orphan.pid)]


def test_the_stack_of_another_home_is_not_ours(tmp_path: Path) -> None:
    with waiting_process(identity(tmp_path / "other", "kafka"), tmp_path):
        assert own_processes(tmp_path / "one") == []


def test_a_shell_with_taxi_home_set_is_not_ours(tmp_path: Path) -> None:
    with waiting_process({"TAXI_HOME": str(tmp_path)}, tmp_path):
        assert own_processes(tmp_path) == []


def test_a_postgres_process_is_known_by_its_folder(tmp_path: Path) -> None:
    with waiting_process({}, tmp_path) as backend:
        assert [own.process.pid for own in own_processes(tmp_path / "home", postgres_data=tmp_path)] == [
            backend.pid
        ]


def test_ending_leaves_none(tmp_path: Path) -> None:
    with waiting_process(identity(tmp_path, "kafka"), tmp_path):
        assert end_processes(own_processes(tmp_path)) == []
        assert own_processes(tmp_path) == []


def test_a_process_that_vanishes_as_the_wait_begins_does_not_keep_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, failures = psutil.wait_procs, [FileNotFoundError(2, "as os.pidfd_open raised it")]

    def wait_procs(processes: list[psutil.Process], timeout: float) -> object:
        if failures:
            raise failures.pop()
        return wait(processes, timeout)

    monkeypatch.setattr(psutil, "wait_procs", wait_procs)
    with (
        waiting_process(identity(tmp_path, "registry"), tmp_path),
        waiting_process(identity(tmp_path, "kafka"), tmp_path),
    ):
        assert end_processes(own_processes(tmp_path)) == []
        assert own_processes(tmp_path) == []
    assert failures == []
