"""The platform in containers, as a user drives it; on a real engine, or not at all."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.errors import TransientError
from stack.endpoints import Endpoints, Metrics
from stack.settings import ROOT
from tests.platform import Platform
from tests.waiting import wait_for

PROGRAMS = (("docker", "compose"), ("docker-compose",))
PUBLISHED = ("KAFKA", "REGISTRY", "FLINK", "POSTGRES", "MAP")
STAYING = ("kafka", "registry", "postgres", "jobmanager", "taskmanager", "job", "map")
KILL_ALL = (
    "import os; found = map(int, filter(str.isdigit, os.listdir('/proc')));"
    " [os.kill(pid, 9) for pid in found if pid not in (1, os.getpid())]"
)


def compose_program() -> Sequence[str]:
    """The compose of this machine's engine; skips the test where something is missing."""
    if not shutil.which("docker"):
        pytest.skip("there is no docker on this machine")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine answers `docker info`; tests/docker/start-engine.sh starts one")
    for program in PROGRAMS:
        if (
            shutil.which(program[0])
            and not subprocess.run([*program, "version"], capture_output=True, check=False).returncode
        ):
            return program
    pytest.skip("there is neither docker compose nor docker-compose on this machine")


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@dataclass(frozen=True)
class Compose:
    """One project of docker-compose.yml, with ports and passwords of its own."""

    program: Sequence[str]
    folder: Path
    ports: Mapping[str, int] = field(default_factory=lambda: {name: free_port() for name in PUBLISHED})

    @property
    def project(self) -> str:
        return "taxi-test"

    @property
    def environment(self) -> dict[str, str]:
        own = {f"TAXI_{name}_PORT": str(port) for name, port in self.ports.items()}
        # The classic builder knows no cache mounts.
        builder = {"DOCKER_BUILDKIT": "1", "COMPOSE_DOCKER_CLI_BUILD": "1"}
        places = {
            "TAXI_COMPOSE_SECRETS": str(self.folder / "secrets"),
            "TLC_DATA_DIR": str(self.folder / "months"),
        }
        return {**os.environ, **builder, **own, **places}

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [*self.program, "--project-name", self.project, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stderr[-3000:]}")
        return done

    def up(self) -> None:
        """Build, start, and wait until every part is healthy."""
        self.run("up", "--build", "--detach")
        self.await_healthy(*STAYING)

    def await_healthy(self, *services: str) -> None:
        for name in services:
            wait_for(lambda name=name: self.health(name) == "healthy", what=f"{name} to be healthy")  # type: ignore[misc]

    def container(self, service: str) -> str:
        return self.run("ps", "--quiet", service).stdout.strip()

    def inspect(self, service: str) -> dict[str, Any]:
        done = subprocess.run(
            ["docker", "inspect", self.container(service)], capture_output=True, text=True, check=True
        )
        found: dict[str, Any] = json.loads(done.stdout)[0]
        return found

    def health(self, service: str) -> str:
        if not self.container(service):
            return "absent"
        return str(self.inspect(service)["State"]["Health"]["Status"])

    def kill(self, service: str) -> None:
        """Kill every process of a container. `docker kill` would count as a stop on purpose."""
        program = ("python", "-c", KILL_ALL)
        self.run("exec", "-T", service, *program, check=False)

    def images(self) -> set[str]:
        return set(
            subprocess.run(
                ["docker", "images", "--no-trunc", "--quiet"], capture_output=True, text=True, check=True
            ).stdout.split()
        )

    def get(self, published: str, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self.ports[published]}{path}", trust_env=False).json()

    @property
    def platform(self) -> Platform:
        """The platform, by its published ports."""
        password = (self.folder / "secrets" / "postgres-password").read_text("utf-8")
        return Platform(
            Endpoints(
                kafka_bootstrap_servers=f"127.0.0.1:{self.ports['KAFKA']}",
                schema_registry_url=f"http://127.0.0.1:{self.ports['REGISTRY']}/apis/ccompat/v7",
                flink_rest_url=f"http://127.0.0.1:{self.ports['FLINK']}",
                postgres_dsn=f"postgresql://taxi:{password}@127.0.0.1:{self.ports['POSTGRES']}/taxi",
                metrics=Metrics("", "", ""),
                home=self.folder,
            )
        )

    def running_job(self) -> str:
        """The id of the one running job."""
        jobs = self.get("FLINK", "/jobs")["jobs"]
        running = [job["id"] for job in jobs if job["status"] == "RUNNING"]
        if len(running) != 1:
            raise TransientError(f"{len(running)} jobs run")
        return str(running[0])
