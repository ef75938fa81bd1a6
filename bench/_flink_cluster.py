"""Start a Flink cluster for one run: the stack's settings, and fresh JVMs as the other programs have."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from bench._processes import started
from stack.endpoints import Endpoints
from stack.ports import any_free_port
from stack.services.flink import TASKMANAGER, client_environment, jobmanager, slot_count, taskmanager
from stack.services.service import Service, Site
from stack.settings import StackSettings, inherited_environment
from stack.state import recorded_ports
from stack.waiting import wait_until

OWN_PORTS = ("flink", "flink_rpc", "jobmanager_metrics", "taskmanager_metrics")


class FlinkCluster:
    """A JobManager and a TaskManager of the benchmark; the other services are those of the running stack."""

    def __init__(self, folder: Path, running: Endpoints) -> None:
        ports = recorded_ports(running.home)
        assert ports is not None  # noqa: S101 - the stack runs
        free = {name: any_free_port() for name in OWN_PORTS}
        self._site = Site(replace(StackSettings.from_environment(), home=folder), replace(ports, **free))
        self.output = folder / f"{TASKMANAGER}.out"
        """What the job's sinks print."""

    @contextmanager
    def running(self) -> Iterator[list["subprocess.Popen[bytes]"]]:
        """Start both processes, and end them."""
        self._site.logs.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            services = (jobmanager(self._site), taskmanager(self._site))
            processes = [stack.enter_context(self._process(service)) for service in services]
            url = self._site.endpoints.flink_rest_url
            wait_until(lambda: _has_slots(url), what="Flink's task slots", stalled_seconds=120)
            yield processes

    def client_environment(self) -> dict[str, str]:
        """Return the variables of a program that submits a job."""
        return {
            **os.environ,
            **self._site.endpoints.job_environment(),
            **client_environment(self._site.endpoints),
        }

    @contextmanager
    def _process(self, service: Service) -> Iterator["subprocess.Popen[bytes]"]:
        program = service.prepare()
        output = self.output.with_name(f"{service.name}.out")
        environment = {**inherited_environment(), **program.environment}
        with started(program.command, environment, output, folder=program.directory) as process:
            yield process


def _has_slots(url: str) -> bool:
    try:
        return bool(slot_count(url))
    except (OSError, KeyError):
        return False
