"""Drive the stack of this tree, or of another one: a worktree or clone with another commit."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench._platform import ROOT, database, service
from stack.settings import DEFAULT_PORTS, EXTRA_PORTS, port_variable

THIS, AGAINST = "this", "against"
OF_THIS_STACK = (
    "KAFKA_",
    "SCHEMA_REGISTRY_",
    "FLINK_",
    "POSTGRES_",
    "TAXI_HOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
)
"""Prefixes of variables that would lead the other tree to this one's stack."""
RECORDS = re.compile(r"^Source__\w+\.numRecordsIn$")


@dataclass(frozen=True)
class Tree:
    """A source tree with the stack that it has started."""

    name: str
    root: Path
    home: Path
    is_other: bool = False

    def taxi(self, *arguments: str) -> str:
        """Run a `./taxi` command; a failure ends the benchmark."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment(), stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"error: {self.name}: ./taxi {' '.join(arguments)} failed")
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a `./taxi` command."""
        return [str(self.root / "taxi"), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the variables of its commands: another tree's stack takes any free ports."""
        if not self.is_other:
            return dict(os.environ)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_STACK)}
        ports = dict.fromkeys(map(port_variable, (*DEFAULT_PORTS, *EXTRA_PORTS)), "auto")
        return {**kept, **ports, "TAXI_HOME": str(self.home)}

    @property
    def task_manager(self) -> psutil.Process:
        """Return the process that runs the job."""
        return service("flink-taskmanager", str(self.home))

    @property
    def database(self) -> psutil.Process:
        """Return the first process of the database."""
        return database(self.home)

    def flink_url(self) -> str:
        """Return the address of Flink's API."""
        return exported(self.taxi("env"))["FLINK_REST_URL"]


@contextmanager
def other_tree(root: Path, home: Path) -> Iterator[Tree]:
    """Start the stack of another tree, and remove it with its data afterwards."""
    tree = Tree(AGAINST, root.resolve(), home, is_other=True)
    try:
        tree.taxi("up")
        yield tree
    finally:
        subprocess.run(
            tree.command("down", "--purge"), env=tree.environment(), check=False, capture_output=True
        )


def this_tree() -> Tree:
    """Return the tree of this benchmark, whose stack runs already."""
    return Tree(THIS, ROOT, Path(os.environ.get("TAXI_HOME", ROOT / ".taxi")))


def commit_of(root: Path) -> str:
    """Return a tree's commit, with a mark where files differ from it; empty where there is no repository."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def exported(text: str) -> Mapping[str, str]:
    """Read the variables of `./taxi env`."""
    return {
        name: value.strip("'\"") for name, value in re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE)
    }


class SourceCounter:
    """Counts the records that the running job has read, by Flink's metrics."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)

    def records(self) -> int:
        """Return the number so far; 0 while no job runs or its metrics are not there yet."""
        try:
            return sum(
                self._of_job(job["id"]) for job in self._get("/jobs/overview")["jobs"] if is_running(job)
            )
        except (httpx.HTTPError, KeyError, ValueError):
            return 0

    def _of_job(self, job: str) -> int:
        vertices = self._get(f"/jobs/{job}")["vertices"]
        return sum(self._of_vertex(job, one["id"]) for one in vertices if one["name"].startswith("Source"))

    def _of_vertex(self, job: str, vertex: str) -> int:
        place = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics"
        names = [one["id"] for one in self._get(place) if RECORDS.match(one["id"])]
        found = self._get(f"{place}?get={','.join(names)}&agg=sum") if names else []
        return sum(int(one["sum"]) for one in found)

    def _get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()


def is_running(job: Mapping[str, Any]) -> bool:
    """Return whether a job of Flink's overview runs."""
    return bool(job["state"] == "RUNNING")
