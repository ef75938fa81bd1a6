"""What can happen to a machine. Whatever is done here is undone at the end of its block."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from stack import lifecycle
from stack.supervision.supervisor import Supervisor
from tests.drills.change_audit import tables_schema
from tests.platform import Platform
from tests.waiting import wait_for


def processes(platform: Platform, service: str) -> list[psutil.Process]:
    """Every process of a part, its first one first."""
    found = [
        own.process for own in lifecycle.stack_processes(platform.endpoints.home) if own.service == service
    ]
    return sorted(found, key=lambda process: process.create_time())


def kill(platform: Platform, service: str) -> None:
    """kill -9 of the part's first process, as soon as there is one."""
    (first, *_) = wait_for(lambda: processes(platform, service), what=service)
    first.kill()
    with suppress(psutil.TimeoutExpired):
        first.wait(10)


@contextmanager
def stopped(frozen: list[psutil.Process], seconds: float) -> Iterator[None]:
    """Processes that stand still for so long (SIGSTOP), and then go on as if nothing had been.

    What is done in the block is done meanwhile.
    """
    begun = time.monotonic()
    try:
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        yield
        last_for(seconds - (time.monotonic() - begun))
    finally:
        for process in frozen:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


@contextmanager
def away(platform: Platform, service: str, seconds: float) -> Iterator[None]:
    """A part that is not there for so long."""
    supervisor = Supervisor(platform.endpoints.home)
    supervisor.stop_service(service)
    try:
        yield
        last_for(seconds)
    finally:
        supervisor.start_service(service)


@contextmanager
def locked(platform: Platform, table: str, seconds: float) -> Iterator[None]:
    """A table of the job's that nobody can write to for so long."""
    name = sql.Identifier(tables_schema(platform), table)
    with psycopg.connect(platform.endpoints.postgres_dsn) as connection:
        connection.execute(sql.SQL("lock table {} in exclusive mode").format(name))
        yield
        last_for(seconds)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of its own under a folder; skips where nothing may be mounted."""
    options = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(options, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path, seconds: float) -> Iterator[None]:
    """A disk on which there is no room for so long."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as stream, suppress(OSError):
            while True:
                stream.write(b"\0" * 4096)
        yield
        last_for(seconds)
    finally:
        filler.unlink(missing_ok=True)


def last_for(seconds: float) -> None:
    """Let a fault last: what is waited for is the time itself."""
    time.sleep(max(0.0, seconds))
