"""Spark on this machine: it comes with pyspark, and runs only while somebody uses it."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from stack.bootstrap import ensure_environment
from stack.parts.java import java, temporary_folder

ABSENT_MODULE = "jdk.incubator.vector"
"""Spark's launcher demands it for the linear algebra of MLlib; the Java from PyPI leaves it out."""

LOGGING = Path(__file__).resolve().parents[1] / "conf" / "spark-log4j2.properties"
DRIVER_MEMORY = "3g"

_JAVA = """#!/bin/sh
for argument; do
    shift
    [ "$argument" = --add-modules={absent} ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


def programs() -> Path:
    """The folder with `python`, `spark-submit` and the like."""
    return ensure_environment("batch") / "bin"


def environment(home: Path) -> dict[str, str]:
    """What Spark's programs need to run here, on the loopback interface only."""
    options = f"{temporary_folder(home)} -Dlog4j2.configurationFile={LOGGING.as_uri()}"
    return {
        "JAVA_HOME": str(_java_home(home)),
        "PYSPARK_PYTHON": str(programs() / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(home / "tmp"),
        "SPARK_DRIVER_MEMORY": DRIVER_MEMORY,
        "SPARK_SUBMIT_OPTS": options,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }


def submit_command(arguments: Sequence[str]) -> list[str]:
    """A command line of spark-submit."""
    return [str(programs() / "spark-submit"), *arguments]


def _java_home(home: Path) -> Path:
    """A Java that is told nothing of the absent module: by itself it would refuse to start."""
    program = home / "tmp" / "java-for-spark" / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    written = program.with_suffix(f".{os.getpid()}")
    written.write_text(_JAVA.format(absent=ABSENT_MODULE, java=shlex.quote(java())))
    written.chmod(0o755)
    written.replace(program)
    return program.parents[1]
