"""Build the Java of the benchmarks."""

from pathlib import Path

from bench._platform import ROOT
from stack.toolchain.jars import ensure_all
from stack.toolchain.java_build import JavaProject, ensure_jar

COMPONENTS = ("kafka-streams", "kafka")


def kafka_streams_jars() -> list[Path]:
    """Return Kafka Streams and what it needs."""
    found = ensure_all(COMPONENTS)
    return [jar for component in COMPONENTS for jar in found[component]]


def ensure_bench_jar() -> Path:
    """Return the jar of the Kafka Streams program and of the sink that drops rows, built when changed."""
    locks = (*COMPONENTS, "ecj")
    return ensure_jar(JavaProject(ROOT / "bench" / "java", "taxi-bench.jar", locks, kafka_streams_jars))
