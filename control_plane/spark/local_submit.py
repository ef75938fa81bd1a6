"""Spark on this machine: it comes with pyspark, and runs only while somebody uses it."""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from control_plane.settings import SparkSettings
from schemas.atomic_file import write_atomically
from schemas.aws import is_s3_uri
from stack.settings import ROOT
from stack.toolchain.environments import ensure_environment
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java, jvm_options

ABSENT_MODULE = "jdk.incubator.vector"
"""Spark's launcher demands it for the linear algebra of MLlib; the Java from PyPI leaves it out."""

LOGGING = ROOT / "stack" / "conf" / "spark-log4j2.properties"
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
    options = f"{' '.join(jvm_options(home))} -Dlog4j2.configurationFile={LOGGING.as_uri()}"
    return {
        "JAVA_HOME": str(_java_home(home)),
        "PYSPARK_PYTHON": str(programs() / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(home / "tmp"),
        "SPARK_DRIVER_MEMORY": DRIVER_MEMORY,
        "SPARK_SUBMIT_OPTS": options,
        "PYTHONPATH": str(ROOT),
    }


def submit_command(arguments: Sequence[str]) -> list[str]:
    """A command line of spark-submit."""
    return [str(programs() / "spark-submit"), *arguments]


def _java_home(home: Path) -> Path:
    """A Java that does not see the option with the absent module, which makes it refuse to start."""
    program = home / "tmp" / "java-for-spark" / "bin" / "java"
    write_atomically(program, _JAVA.format(absent=ABSENT_MODULE, java=shlex.quote(java())), 0o755)
    return program.parents[1]


S3_JARS = "spark-s3"
CREDENTIALS = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
"""AWS' usual chain: the variables, the profile, the machine's role."""


def s3_options(arguments: Iterable[str], settings: SparkSettings) -> Sequence[str]:
    """Options of spark-submit for these arguments of the job; none where nothing lies in S3."""
    if not any(map(is_s3_uri, (*arguments, *settings.data))):
        return ()
    pairs = {
        "spark.driver.extraClassPath": class_path(ensure(S3_JARS)),
        "spark.hadoop.fs.s3a.aws.credentials.provider": CREDENTIALS,
        # Buffers on the disk would want Hadoop's checksum files there, which the job has done away with.
        "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
        **_s3_options(settings),
    }
    return [part for name, value in pairs.items() for part in ("--conf", f"{name}={value}")]


def _s3_options(settings: SparkSettings) -> dict[str, str]:
    """Which S3: without settings it is Amazon's, in the region that the usual chain names."""
    place = {}
    if settings.region:
        place["spark.hadoop.fs.s3a.endpoint.region"] = settings.region
    if settings.s3_endpoint_url:
        place["spark.hadoop.fs.s3a.endpoint"] = settings.s3_endpoint_url
        # A server on this machine has no names for its buckets.
        place["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return place
