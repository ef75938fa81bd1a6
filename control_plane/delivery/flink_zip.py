"""The code zip of an application: the job, what it imports, and its connectors as one jar."""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, requires
from pathlib import Path

from control_plane.delivery.relocation import relocate
from control_plane.jobs.managed.requests import ENTRY_POINT, JARS, PYTHON_FILES
from schemas.atomic_file import atomic_path
from stack.settings import ROOT
from stack.toolchain import jars
from stack.toolchain.java_build import ZIP_EPOCH, ensure_formats_jar

CODE_FOLDERS = ("flink_jobs", "schemas")
LEFT_OUT = {"__pycache__", "java"}
IMPORTED = ("pydantic-settings", "boto3")
"""All that the jobs import besides PyFlink; it is in the zip because the service installs nothing."""
NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
"""What an installer notes for itself, each its own way."""
BOTOCORE_DATA = "botocore/data/"
USED_AWS_SERVICES = {"secretsmanager", "sts"}
"""Of the four hundred that boto3 describes in a hundred megabytes."""
SERVICES = "META-INF/services/"
SIGNATURE = re.compile(r"META-INF/[^/]+\.(SF|DSA|RSA)")


def write_package(target: Path, source: Path = ROOT) -> None:
    """Leave the zip of a tree, whole or not at all."""
    with (
        atomic_path(target) as draft,
        tempfile.TemporaryDirectory(prefix=".jars-", dir=target.parent) as aside,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package,
    ):
        _add(package, ENTRY_POINT, (source / "flink_jobs" / "managed_main.py").read_bytes())
        for folder in CODE_FOLDERS:
            for path in _code(source / folder):
                _add(package, f"{PYTHON_FILES}/{path.relative_to(source)}", path.read_bytes())
        for name, path in sorted(_imported_files(*IMPORTED)):
            _add(package, f"{PYTHON_FILES}/{name}", path.read_bytes())
        _add(package, JARS, _connectors(Path(aside), source).read_bytes(), zipfile.ZIP_STORED)


def _connectors(folder: Path, source: Path) -> Path:
    """All connectors as one jar."""
    merged, signing = folder / "connectors.jar", folder / "msk.jar"
    relocate(jars.ensure("msk")[0], signing)
    merge_jars([*jars.ensure("flink"), ensure_formats_jar(source / "flink_jobs" / "java"), signing], merged)
    return merged


def merge_jars(sources: Iterable[Path], target: Path) -> None:
    """One jar of several: the first of two equal names stays, lists of services are joined, no signatures."""
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
                        _add(merged, name, jar.read(name))
        for name, lists in services.items():
            _add(merged, name, b"\n".join(lists))


def imported_packages() -> list[tuple[str, str]]:
    """Name and version of what the jobs import, and of all that it needs, as they are installed here."""
    return sorted((name, distribution(name).version) for name in _needed_packages(*IMPORTED))


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    """With a fixed time: the same content is the same zip."""
    entry = zipfile.ZipInfo(name, ZIP_EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, compression)


def _code(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LEFT_OUT & set(path.parts) and path.suffix not in {".md", ".pyc"}:
            yield path


def _imported_files(*packages: str) -> Iterator[tuple[str, Path]]:
    """The files of packages and of all that they need, as they are installed here."""
    for name in _needed_packages(*packages):
        for file in distribution(name).files or ():
            is_code = ".." not in file.parts and file.suffix != ".pyc" and file.name not in NOTES
            if is_code and _is_used_service(str(file)):
                yield str(file), Path(str(file.locate()))


def _needed_packages(*packages: str) -> list[str]:
    queue, known = [*packages], list[str]()
    for name in queue:
        if name not in known:
            known.append(name)
            queue += [need for need in map(_needed, requires(name) or ()) if need]
    return known


def _is_used_service(file: str) -> bool:
    """Whether it is no description of a service that no job asks."""
    service, _, rest = file.partition(BOTOCORE_DATA)[2].partition("/")
    return not rest or service in USED_AWS_SERVICES


def _needed(requirement: str) -> str:
    """The package that a requirement names; empty for one of an extra or of another platform."""
    name, _, condition = requirement.partition(";")
    found = re.match(r"[A-Za-z0-9._-]+", name)
    return found.group() if found and not condition else ""
