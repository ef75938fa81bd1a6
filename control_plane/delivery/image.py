"""The build context of the platform's image: an archive for `docker build`, with its SBOM."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packageurl import PackageURL

from control_plane.delivery.archives import code_files, write_tar_gz
from control_plane.delivery.sbom import java_components, library, make_sbom, python_components
from schemas.atomic_file import write_atomically
from stack.files import sha256_of
from stack.settings import ROOT

DOCKERFILE = "docker/Dockerfile"
LOCK = ROOT / "requirements" / "stream.txt"
PYTHON = "3.11"


def write_image_context(target: Path) -> Path:
    """Write `platform-<digest>.tar.gz` below a folder; return its path."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".image-", dir=target) as name:
        draft = Path(name) / "platform.tar.gz"
        files = {place: ROOT / place for place in _copied_files()}
        programs = {place: path.read_bytes() for place, path in files.items() if path.suffix == ".sh"}
        write_tar_gz(draft, files, programs)
        base, version = _base()
        libraries = [
            library(PackageURL("docker", None, base, version)),
            *python_components(LOCK, PYTHON),
            *java_components("flink"),
        ]
        digest = sha256_of(draft)[:12]
        sbom = make_sbom("nyc-taxi-platform", {draft.name: draft}, libraries)
        write_atomically(target / f"platform-{digest}.cdx.json", sbom)
        return draft.rename(target / f"platform-{digest}.tar.gz")


def _copied_files() -> Iterator[str]:
    """Yield the Dockerfile and all that it copies, without Python's caches and documents for people."""
    yield DOCKERFILE
    for source in re.findall(r"^COPY (\S+) \S+$", _dockerfile(), re.MULTILINE):
        if (ROOT / source).is_dir():
            yield from code_files(ROOT, [source], left_out={"__pycache__"})
        else:
            yield source


def _base() -> tuple[str, str]:
    image = re.findall(r"^ARG BASE=(\S+)$", _dockerfile(), re.MULTILINE)[0]
    name, _, version = image.partition(":")
    return name, version


def _dockerfile() -> str:
    return (ROOT / DOCKERFILE).read_text("utf-8")
