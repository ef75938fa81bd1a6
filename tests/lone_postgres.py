"""The stack's Postgres without the rest of the stack: up in two seconds."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from stack.ports import LOOPBACK
from stack.services.postgres import postgres
from stack.services.postgres_installation import account, private_folder
from stack.services.service import Service, Site
from stack.settings import StackSettings, inherited_environment
from stack.state import Ports
from stack.waiting import no_progress, wait_until


@contextmanager
def lone_postgres(home: Path) -> Iterator[str]:
    """The address of an empty database, by the settings of the stack's."""
    home.mkdir(parents=True, exist_ok=True)
    settings = replace(StackSettings.from_environment({"TAXI_CACHE_DIR": str(home)}), home=home)
    ports = Ports(**{field.name: _free_port() for field in fields(Ports)})
    service = postgres(Site(settings, ports))
    program = service.prepare()
    with (home / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            program.command,
            cwd=program.directory,
            env=inherited_environment(),
            user=program.user,
            group=account().group,
            extra_groups=[] if program.user else None,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _answers(service), what="Postgres", progress=no_progress)
        if service.finish:
            service.finish()
        yield f"postgresql://taxi@{LOOPBACK}:{ports.postgres}/taxi"
    finally:
        server.send_signal(signal.SIGQUIT)  # at once, without a checkpoint: nobody needs the data
        server.wait(60)
        shutil.rmtree(private_folder(home), ignore_errors=True)


def _answers(service: Service) -> bool:
    try:
        return bool(service.check())
    except Exception:  # whatever the client says: it is not there yet
        return False


def _free_port() -> int:
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        return int(server.getsockname()[1])
