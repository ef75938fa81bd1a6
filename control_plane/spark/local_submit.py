"""Spark on this machine: installed with pyspark, and running only during a run."""

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
"""Spark's launcher requires it for the linear algebra of MLlib; the Java from PyPI lacks it."""

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
    """Return the folder with `python`, `spark-submit` and the like."""
    return ensure_environment("batch") / "bin"


def environment(home: Path) -> dict[str, str]:
    """Return the variables that Spark's programs need here, on the loopback interface only."""
    options = shlex.join([*jvm_options(home), f"-Dlog4j2.configurationFile={LOGGING.as_uri()}"])
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
    """Return a command line of spark-submit."""
    return [str(programs() / "spark-submit"), *arguments]


def _java_home(home: Path) -> Path:
    """Write a Java wrapper that drops the option of the absent module, with which Java refuses to start."""
    program = home / "tmp" / "java-for-spark" / "bin" / "java"
    write_atomically(program, _JAVA.format(absent=ABSENT_MODULE, java=shlex.quote(java())), 0o755)
    return program.parents[1]


S3_JARS = "spark-s3"
CREDENTIALS = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
"""The standard AWS chain: the variables, the profile, the machine's role."""


def s3_options(arguments: Iterable[str], settings: SparkSettings) -> Sequence[str]:
    """Return the spark-submit options for these arguments of the job; none where nothing is in S3."""
    if not any(map(is_s3_uri, (*arguments, *settings.data))):
        return ()
    pairs = {
        "spark.driver.extraClassPath": class_path(ensure(S3_JARS)),
        "spark.hadoop.fs.s3a.aws.credentials.provider": CREDENTIALS,
        # Buffers on the disk would need Hadoop's checksum files there, which the job has disabled.
        "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
        **_s3_options(settings),
    }
    return [part for name, value in pairs.items() for part in ("--conf", f"{name}={value}")]


def _s3_options(settings: SparkSettings) -> dict[str, str]:
    """Select the S3 endpoint: by default Amazon's, in the region of the standard chain."""
    place = {}
    if settings.region:
        place["spark.hadoop.fs.s3a.endpoint.region"] = settings.region
    if settings.s3_endpoint_url:
        place["spark.hadoop.fs.s3a.endpoint"] = settings.s3_endpoint_url
        # A server on this machine has no host names for its buckets.
        place["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return place
