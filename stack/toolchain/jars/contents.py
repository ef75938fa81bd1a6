"""What our jars are: the locked ones, and those that a locked package or archive brings inside."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from stack.settings import StackSettings
from stack.toolchain.environments import ENVIRONMENTS
from stack.toolchain.jars.lock import COMPONENTS, locked_artifacts
from stack.toolchain.osv import JavaPackage

PROPERTIES = "pom.properties"
"""The file in which Maven's own plugins record what a jar is, and what it has taken in."""
JAVA_IN_PYTHON = ("pyflink", "pyspark")
FIELD = re.compile(r"^(groupId|artifactId|version)=(.+?)\s*$", re.MULTILINE)


def java_packages(settings: StackSettings) -> list[JavaPackage]:
    """List each package once: all that are locked, and of the others those whose files are here."""
    locked = (artifact for component in COMPONENTS for artifact in locked_artifacts(component))
    named = (JavaPackage(f"{one.group}:{one.name}", one.version) for one in locked)
    return sorted({*named, *packages_inside(chain.from_iterable(_jars_here(settings)))})


def _jars_here(settings: StackSettings) -> Iterator[Iterable[Path]]:
    yield (settings.cache / "unpacked").rglob("*.jar")
    yield (settings.cache / "maven").rglob("*.jar")
    for package in JAVA_IN_PYTHON:
        for folder in ENVIRONMENTS.glob(f"*/lib/python*/site-packages/{package}"):
            yield folder.rglob("*.jar")


def packages_inside(jars: Iterable[Path]) -> Iterator[JavaPackage]:
    """Read the packages that jars say they are made of."""
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            names = [name for name in archive.namelist() if name.endswith(f"/{PROPERTIES}")]
            for text in (archive.read(name).decode("utf-8", "replace") for name in names):
                fields = dict(FIELD.findall(text))
                if len(fields) == len(FIELD.findall(text)) == 3:
                    yield JavaPackage(f"{fields['groupId']}:{fields['artifactId']}", fields["version"])
