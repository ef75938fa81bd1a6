"""Collect the Java archives of an image, when it is built: archives.py FOLDER."""

import os
import shutil
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stack.files import unpack
from stack.settings import StackSettings
from stack.toolchain.jars import ensure
from stack.toolchain.jars.lock import locked_artifacts
from stack.toolchain.jars.store import Store
from stack.toolchain.java_build import ensure_formats_jar

MODIFIED_AT = 315532800
"""1980-01-01: a layer has no fractions of seconds, and the same archives must be the same layer."""


def main(target: Path) -> None:
    """Write a Maven folder each for Kafka and Flink, the unpacked registry, and our own jar."""
    for component in ("kafka", "flink"):
        _copy_component(component, target / component)
    (registry,) = ensure("registry")
    with tarfile.open(registry) as stream:
        unpack(stream, target / "registry" / registry.name.removesuffix(".tar.gz"))
    jar = ensure_formats_jar()
    _copy(jar, target / "build" / jar.parent.name / jar.name)
    for path in _paths(target):
        os.utime(path, (MODIFIED_AT, MODIFIED_AT))


def _copy_component(component: str, target: Path) -> None:
    jars = ensure(component)
    store = Store(replace(StackSettings.from_environment(), cache=target))
    for jar, artifact in zip(jars, locked_artifacts(component), strict=True):
        copied = store.path_of(artifact)
        _copy(jar, copied)
        os.utime(copied, (MODIFIED_AT, MODIFIED_AT))
        store.mark_good(artifact)
    for entry in store.folder.iterdir():
        entry.rename(target / entry.name)
    store.folder.rmdir()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _paths(folder: Path) -> Iterator[Path]:
    """Yield the folder last: writing into a folder changes its time."""
    yield from sorted(folder.rglob("*"), reverse=True)
    yield folder


if __name__ == "__main__":
    main(Path(sys.argv[1]))
