"""The Java of these tests, compiled once."""

import subprocess
from pathlib import Path

import pytest

from stack.toolchain.flink_wheel import distribution
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java
from stack.toolchain.java_build import RELEASE, ensure_formats_jar

SOURCES = Path(__file__).parent / "java" / "src"


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path of the probes."""
    (compiler,) = ensure("ecj")
    libraries = [*sorted((distribution() / "lib").glob("*.jar")), *ensure("flink"), ensure_formats_jar()]
    folder = tmp_path_factory.mktemp("classes")
    options = ["-encoding", "UTF-8", "-nowarn", "-proc:none", "-d", str(folder)]
    release = ["-source", RELEASE, "-target", RELEASE]
    sources = map(str, SOURCES.rglob("*.java"))
    command = [java(), "-jar", str(compiler), *release, *options, "-cp", class_path(libraries), *sources]
    subprocess.run(command, check=True)
    return class_path([folder, *libraries])
