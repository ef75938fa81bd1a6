"""Print the SBOM of the image that this runs in, in CycloneDX format: Debian's, Python's and Java's packages.

From what is installed, not from the locks: what the base and the jars bring along is in it.
"""

import subprocess
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions

from cyclonedx.model.component import Component
from packageurl import PackageURL

from control_plane.delivery.sbom import library, make_sbom, python_component
from stack.settings import ROOT

DEBIAN_FIELDS = "${source:Package}\t${Package}\t${Version}\n"


def main() -> None:
    """Print it; the same image has the same SBOM."""
    components = {
        one.bom_ref.value: one for one in (*_debian_packages(), *_python_packages(), *_java_packages())
    }
    locks = {path.name: path for path in sorted((ROOT / "requirements").glob("*.txt"))}
    print(make_sbom("nyc-taxi-platform", locks, components.values()))  # noqa: T201 - data for the caller


def _debian_packages() -> Iterator[Component]:
    command = ["dpkg-query", "--show", f"--showformat={DEBIAN_FIELDS}"]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        source, name, version = line.split("\t")
        yield library(PackageURL("deb", "debian", name, version, qualifiers={"upstream": source}))


def _python_packages() -> Iterator[Component]:
    folders = (ROOT / ".taxi" / "envs").glob("*/lib/python*/site-packages")
    for one in distributions(path=[str(folder) for folder in folders]):
        yield python_component(one.name, one.version)


def _java_packages() -> Iterator[Component]:
    """Yield what the jars say that they hold: a shaded jar names each library in it."""
    for jar in sorted(ROOT.rglob("*.jar")):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.startswith("META-INF/maven/") and name.endswith("/pom.properties"):
                    pairs = _properties(archive.read(name).decode("utf-8", "replace"))
                    if {"groupId", "artifactId", "version"} <= pairs.keys():
                        yield library(
                            PackageURL("maven", pairs["groupId"], pairs["artifactId"], pairs["version"])
                        )


def _properties(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in lines}


if __name__ == "__main__":
    main()
