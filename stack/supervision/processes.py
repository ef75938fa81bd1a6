"""Find our processes by the variables in their environment: unlike pid files, these are never stale."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack.supervision.identity import (
    HOME_VARIABLE,
    KAFKA_SERVICE,
    SCHEDULER_SERVICE,
    SERVICE_VARIABLE,
    SUPERVISOR_SERVICE,
)

# supervisord would restart what we end. Airflow's idle workers wait for one another without end when all get
# TERM at once; the commands that busy ones run may be killed at any point.
KILLED_AT_ONCE = {SUPERVISOR_SERVICE, SCHEDULER_SERVICE}


@dataclass(frozen=True)
class OwnProcess:
    """A live process that belongs to the stack of one home."""

    service: str
    process: psutil.Process


def own_processes(home: Path, postgres_data: Path | None = None) -> list[OwnProcess]:
    """Return every live process of this home's stack, found by scanning all processes of the machine."""
    found = ((process, _service_of(process, home, postgres_data)) for process in psutil.process_iter())
    return [OwnProcess(service, process) for process, service in found if service]


def end_processes(processes: Iterable[OwnProcess], grace_seconds: float = 20) -> list[OwnProcess]:
    """Terminate the processes, then kill them; return those that remain even then."""
    known = list(processes)
    # supervisord first, and at once: it would restart what we end. Kafka last: the registry closes its
    # producer in half a second while Kafka answers, and in half a minute when it does not.
    shutdown_order = {SUPERVISOR_SERVICE: 0, KAFKA_SERVICE: 2}
    groups = [[own for own in known if shutdown_order.get(own.service, 1) == number] for number in range(3)]
    return [left for group in groups for left in _end_group(group, grace_seconds)]


def _end_group(group: list[OwnProcess], grace_seconds: float) -> list[OwnProcess]:
    by_process = {own.process: own for own in group}
    for own in group:
        _signal(own.process, kill=own.service in KILLED_AT_ONCE)
    alive = _alive_after(grace_seconds, list(by_process))
    for process in alive:
        _signal(process, kill=True)
    return [by_process[process] for process in _alive_after(5, alive)]


def _alive_after(seconds: float, processes: list[psutil.Process]) -> list[psutil.Process]:
    while True:
        try:
            return list(psutil.wait_procs(processes, timeout=seconds)[1])
        except FileNotFoundError:
            continue  # psutil raises it when a process vanishes just as it begins to wait for it


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        pass


def _service_of(process: psutil.Process, home: Path, postgres_data: Path | None) -> str | None:
    """Return a process's service, or None for a foreign process, a zombie or one without access rights."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        environment = process.environ()
        if environment.get(HOME_VARIABLE) == str(home) and SERVICE_VARIABLE in environment:
            return environment[SERVICE_VARIABLE]
        # Postgres writes its title over its environment, but each of its processes works in the data folder.
        if postgres_data is not None and process.cwd() == str(postgres_data):
            return "postgres"
    except (psutil.Error, OSError):
        return None
    return None
