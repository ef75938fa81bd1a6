"""The SBOM of an archive, in CycloneDX format, from the locks that it was made of."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.markers import Marker

from stack.files import sha256_of
from stack.toolchain.jars.lock import locked_artifacts

PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))?", re.MULTILINE
)
LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
"""A fixed timestamp: with the current time the same archive would have another SBOM each time."""


def python_components(lock: Path, python: str) -> list[Component]:
    """List what a lock installs for a Python version on Linux."""
    pins = [pin for pin in PINNED.finditer(lock.read_text()) if _holds(pin["marker"], python)]
    return [python_component(pin["name"], pin["version"]) for pin in pins]


def python_component(name: str, version: str) -> Component:
    """Describe a PyPI package."""
    return library(PackageURL("pypi", None, name.lower(), version))


def java_components(component: str) -> list[Component]:
    """List what a jgo lock holds."""
    return [
        library(PackageURL("maven", jar.group, jar.name, jar.version), jar.sha256)
        for jar in locked_artifacts(component)
    ]


def make_sbom(name: str, files: Mapping[str, Path], libraries: Iterable[Component]) -> str:
    """Return the SBOM of an archive with these files and third-party libraries."""
    hashes = {place: sha256_of(path) for place, path in files.items()}
    whole = sha256(repr(sorted(hashes.items())).encode()).hexdigest()
    sbom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{whole}"))
    sbom.metadata.timestamp = LONG_AGO
    sbom.metadata.component = Component(
        name=name, version=whole[:12], type=ComponentType.APPLICATION, bom_ref=name
    )
    for place, sha in hashes.items():
        sbom.components.add(_own(place, sha))
    for library in libraries:
        sbom.components.add(library)
    sbom.register_dependency(sbom.metadata.component, list(sbom.components))
    return make_outputter(sbom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _own(name: str, sha: str) -> Component:
    return Component(name=name, type=ComponentType.FILE, bom_ref=name, hashes=[_sha(sha)])


def library(url: PackageURL, sha: str = "") -> Component:
    """Describe a third-party library by its package URL."""
    return Component(
        name=url.name,
        group=url.namespace,
        version=url.version,
        purl=url,
        bom_ref=url.to_string(),
        type=ComponentType.LIBRARY,
        hashes=[_sha(sha)] if sha else [],
    )


def _sha(value: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=value)


def _holds(marker: str | None, python: str) -> bool:
    marker_environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    return marker is None or Marker(marker.strip()).evaluate(marker_environment)
