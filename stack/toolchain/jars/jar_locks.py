"""`make lock`: resolve every jgo.toml again and write the locks with SHA-256, without addresses and dates."""

import tomllib
from pathlib import Path
from typing import Any

import httpx
import tomli_w
from jgo.env import LockFile
from jgo.maven import Dependency, MavenContext
from jgo.parse import Coordinate

from stack.console import console
from stack.settings import StackSettings
from stack.toolchain.jars.lock import COMPONENTS, FOLDER, lock_path
from stack.toolchain.jars.maven_repository import MavenRepository, configured_repository

HEADER = "# Generated from jgo.toml in this folder; run `make lock` to update it.\n"


def relock() -> None:
    """Write the lock of each component."""
    context = MavenContext(
        remote_repos={"central": _address(configured_repository(StackSettings.from_environment()))},
        timeout=60,
    )
    for component in COMPONENTS:
        dependencies = _resolved(context, FOLDER / component / "jgo.toml")
        lock = LockFile.from_resolved_dependencies(dependencies)
        lock_path(component).write_text(HEADER + _text(lock))
        console().print(f"{component}: {len(dependencies)} archives", highlight=False)


def _resolved(context: MavenContext, spec_path: Path) -> list[Dependency]:
    spec = tomllib.loads(spec_path.read_text())
    requested = [context.create_dependency(_coordinate(text)) for text in spec["dependencies"]["coordinates"]]
    if not spec["lock"]["transitive"]:
        return requested
    # One by one: resolved together, the versions managed by one of them would apply to the others as well,
    # and the 4.1 broker would get the clients of 3.9. The first in jgo.toml takes precedence.
    distinct: dict[tuple[str, str], Dependency] = {}
    for dependency in requested:
        inputs, transitive = context.resolver.resolve([dependency])
        for found in (*inputs, *transitive):
            distinct.setdefault((found.groupId, found.artifactId), found)
    return list(distinct.values())


def _coordinate(text: str) -> Coordinate:
    fields = text.split(":")
    if len(fields) == 5:
        # jgo's parser guesses, and takes `tar.gz` for a classifier.
        group, name, packaging, classifier, version = fields
        return Coordinate(group, name, version=version, packaging=packaging, classifier=classifier)
    return Coordinate.parse(text)


def _address(source: MavenRepository) -> str:
    """Return the base address with the login in it: jgo has no other setting for one."""
    if source.login is None:
        return source.base_url.rstrip("/")
    username, password = source.login
    return str(httpx.URL(source.base_url).copy_with(username=username, password=password)).rstrip("/")


def _text(lock: LockFile) -> str:
    rows: list[dict[str, Any]] = [row.to_dict() for row in lock.dependencies]
    # Only the rows: jgo would add the time of day, and each `make lock` would be a change.
    return tomli_w.dumps({"dependencies": rows})


if __name__ == "__main__":
    relock()
