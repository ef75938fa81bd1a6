"""Find the problems of this machine, and their remedies."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from rich.table import Table

from schemas.errors import UserError
from schemas.kafka_errors import kafka_reason
from schemas.topic_settings import read_settings, unfit_settings
from schemas.topics import TRIPS_TOPIC
from stack import lifecycle
from stack.console import output
from stack.endpoints import Endpoints
from stack.port_choice import holder_of
from stack.ports import is_free
from stack.settings import AUTO, StackSettings, port_variable
from stack.supervision.supervisor import Supervisor
from stack.toolchain.jars.lock import COMPONENTS
from stack.toolchain.jars.store import Store, damaged_artifacts
from stack.toolchain.java import java

GIB = 1 << 30
NEEDED_DISK_BYTES = 5 * GIB
NEEDED_MEMORY_BYTES = 5 * GIB
NEEDED_CORES = 2
TOPIC_SECONDS = 10


@dataclass(frozen=True)
class Finding:
    """One checked item; without a remedy it is fine."""

    subject: str
    found: str
    remedy: str = ""


def print_findings(settings: StackSettings) -> bool:
    """Print every checked item; return whether all are fine."""
    found = list(findings(settings))
    table = Table("", "check", "found", "remedy", box=None, padding=(0, 2, 0, 0))
    for finding in found:
        mark = "[red]✗[/]" if finding.remedy else "[green]✓[/]"
        table.add_row(mark, finding.subject, finding.found, finding.remedy)
    output().print(table)
    return not any(finding.remedy for finding in found)


def findings(settings: StackSettings) -> Iterator[Finding]:
    """Run every check."""
    checks: list[Callable[[StackSettings], Iterator[Finding]]] = [
        _python,
        _java,
        _machine,
        _disk,
        _jars,
        _processes,
        _ports,
        _topic,
    ]
    for run_check in checks:
        yield from run_check(settings)


def _python(_: StackSettings) -> Iterator[Finding]:
    found = f"{sys.version.split()[0]} ({sys.executable})"
    good = (3, 11) <= sys.version_info[:2] <= (3, 12)
    yield Finding("Python", found, "" if good else "run ./taxi, which uses 3.11 or 3.12")


def _java(_: StackSettings) -> Iterator[Finding]:
    try:
        done = subprocess.run([java(), "-version"], capture_output=True, text=True, check=True, timeout=120)
        yield Finding("Java", done.stderr.splitlines()[0])
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding("Java", str(error), "remove .taxi/envs and run ./taxi again")


def _machine(_: StackSettings) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding(
        "cores", str(cores), "" if cores >= NEEDED_CORES else f"use a machine with {NEEDED_CORES} cores"
    )
    free = psutil.virtual_memory().available
    enough = free >= NEEDED_MEMORY_BYTES
    yield Finding(
        "free memory", _gib(free), "" if enough else f"free memory: {_gib(NEEDED_MEMORY_BYTES)} are needed"
    )


def _disk(settings: StackSettings) -> Iterator[Finding]:
    for name, folder in (("state", settings.home), ("cache", settings.cache)):
        free = shutil.disk_usage(_existing(folder)).free
        remedy = (
            ""
            if free >= NEEDED_DISK_BYTES
            else f"free disk space, or move the folder ({name}: TAXI_HOME, TAXI_CACHE_DIR)"
        )
        yield Finding(f"disk for {name}", f"{_gib(free)} free at {folder}", remedy)


def _jars(settings: StackSettings) -> Iterator[Finding]:
    damaged = damaged_artifacts(Store(settings), COMPONENTS)
    for artifact in damaged:
        path = Store(settings).path_of(artifact)
        yield Finding(
            "Java archive",
            f"{artifact.coordinate} is damaged",
            f"remove {path}, then run ./taxi up to download it again",
        )
    if not damaged:
        yield Finding("Java archives", "all hashes match")


def _processes(settings: StackSettings) -> Iterator[Finding]:
    own = lifecycle.stack_processes(settings.home)
    services = sorted({process.service for process in own})
    if own and not Supervisor(settings.home).is_alive():
        yield Finding(
            "processes", f"without a supervisor: {', '.join(services)}", "run ./taxi up or ./taxi down"
        )
    else:
        yield Finding("processes", ", ".join(services) or "none: the stack is down")


def _ports(settings: StackSettings) -> Iterator[Finding]:
    if lifecycle.stack_processes(settings.home):
        yield Finding("ports", "in use by the stack itself")
        return
    for service, port in settings.ports.items():
        if port == AUTO or is_free(port):
            yield Finding(f"port for {service}", "any" if port == AUTO else f"{port} is free")
        else:
            remedy = f"stop that process, or set {port_variable(service)}"
            yield Finding(
                f"port for {service}",
                f"{port} is in use by {holder_of(port) or 'an unknown process'}",
                remedy,
            )


def _topic(settings: StackSettings) -> Iterator[Finding]:
    """Check the settings of the trips topic, which may have been changed in Kafka."""
    subject = f"topic {TRIPS_TOPIC}"
    try:
        kafka = Endpoints.of_running_stack(settings).kafka
    except UserError:
        return
    admin = AdminClient({**kafka.librdkafka(), "log_level": 2})
    try:
        unfit = unfit_settings(read_settings(admin, TRIPS_TOPIC, TOPIC_SECONDS))
    except (KafkaException, TimeoutError) as failure:
        is_missing = "Unknown topic" in kafka_reason(failure)
        yield (
            Finding(subject, "does not exist yet")
            if is_missing
            else Finding(subject, f"Kafka does not answer ({kafka_reason(failure)})", "see ./taxi status")
        )
        return
    for fault in unfit:
        yield Finding(subject, str(fault), fault.remedy)
    if not unfit:
        yield Finding(subject, "its settings keep every record unchanged")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.1f} GiB"
