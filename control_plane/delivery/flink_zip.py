"""The code zip of an application: the job, what it imports, and its connectors as one jar."""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, requires
from pathlib import Path

from control_plane.delivery.archives import code_files
from control_plane.delivery.relocation import relocate
from control_plane.delivery.wheels import NOTES, is_used_service
from control_plane.jobs.managed.requests import ENTRY_POINT, JARS, PYTHON_FILES
from schemas.atomic_file import atomic_path
from stack.settings import ROOT
from stack.toolchain import jars
from stack.toolchain.java_build import ensure_formats_jar
from stack.toolchain.reproducible_zip import add_entry

CODE_FOLDERS = ("flink_jobs", "schemas")
IMPORTED = ("pydantic-settings", "boto3")
"""All that the jobs import in addition to PyFlink; in the zip because the service installs no packages."""
USED_AWS_SERVICES = {"secretsmanager", "sts"}
SERVICES = "META-INF/services/"
SIGNATURE = re.compile(r"META-INF/[^/]+\.(SF|DSA|RSA)")


def write_package(target: Path, source: Path = ROOT) -> None:
    """Write the zip of a tree atomically."""
    with (
        atomic_path(target) as draft,
        tempfile.TemporaryDirectory(prefix=".jars-", dir=target.parent) as aside,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package,
    ):
        add_entry(package, ENTRY_POINT, (source / "flink_jobs" / "managed_main.py").read_bytes())
        for place, content in code_files(source, CODE_FOLDERS).items():
            add_entry(package, f"{PYTHON_FILES}/{place}", content)
        for name, path in sorted(_imported_files(*IMPORTED)):
            add_entry(package, f"{PYTHON_FILES}/{name}", path.read_bytes())
        add_entry(package, JARS, _connectors(Path(aside), source).read_bytes(), zipfile.ZIP_STORED)


def _connectors(folder: Path, source: Path) -> Path:
    """Merge all connectors into one jar."""
    merged, signing = folder / "connectors.jar", folder / "msk.jar"
    relocate(jars.ensure("msk")[0], signing)
    merge_jars([*jars.ensure("flink"), ensure_formats_jar(source / "flink_jobs" / "java"), signing], merged)
    return merged


def merge_jars(sources: Iterable[Path], target: Path) -> None:
    """Merge jars into one: keep the first of equal names, join lists of services, drop signatures."""
    services: dict[str, list[bytes]] = {}
    seen: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as merged:
        for source in sources:
            with zipfile.ZipFile(source) as jar:
                for name in jar.namelist():
                    if name.startswith(SERVICES) and not name.endswith("/"):
                        services.setdefault(name, []).append(jar.read(name))
                    elif name not in seen and not SIGNATURE.fullmatch(name) and not name.endswith("/"):
                        seen.add(name)
                        add_entry(merged, name, jar.read(name))
        for name, lists in services.items():
            add_entry(merged, name, b"\n".join(lists))


def imported_packages() -> list[tuple[str, str]]:
    """List name and version of what the jobs import, with all dependencies, as installed here."""
    return sorted((name, distribution(name).version) for name in _needed_packages(*IMPORTED))


def _imported_files(*packages: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of packages and of all their dependencies, as installed here."""
    for name in _needed_packages(*packages):
        for file in distribution(name).files or ():
            is_code = ".." not in file.parts and file.suffix != ".pyc" and file.name not in NOTES
            if is_code and is_used_service(str(file), USED_AWS_SERVICES):
                yield str(file), Path(str(file.locate()))


def _needed_packages(*packages: str) -> list[str]:
    queue, known = [*packages], list[str]()
    for name in queue:
        if name not in known:
            known.append(name)
            queue += [need for need in map(_needed, requires(name) or ()) if need]
    return known


def _needed(requirement: str) -> str:
    """Return the package that a requirement names; empty for one of an extra or of another platform."""
    name, _, condition = requirement.partition(";")
    found = re.match(r"[A-Za-z0-9._-]+", name)
    return found.group() if found and not condition else ""
