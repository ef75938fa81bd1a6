"""The schema registry: Apicurio, with its state in Kafka and Confluent's API."""

import tarfile
from pathlib import Path

from schemas.atomic_file import PRIVATE, write_atomically
from stack.files import atomic_folder, unpack
from stack.locks import file_lock
from stack.ports import LOOPBACK
from stack.probes import get_json
from stack.security.secrets import REGISTRY, Secrets
from stack.services import kafka
from stack.services.service import Service, Site
from stack.supervision.program import Program
from stack.toolchain.jars import ensure
from stack.toolchain.java import java, jvm_options

NAME = "registry"


def registry(site: Site) -> Service:
    """Return the registry of this site."""
    return Service(
        name=NAME,
        prepare=lambda: _prepare(site),
        check=lambda: subject_count(site.endpoints.schema_registry_url),
        # It exits when Kafka does not answer, so starting it earlier is pointless.
        starts_after=kafka.NAME,
    )


def subject_count(url: str) -> str:
    """Return the number of subjects, by Confluent's API."""
    subjects = len(get_json(f"{url}/subjects"))
    return f"{subjects} subject{'' if subjects == 1 else 's'}"


def _prepare(site: Site) -> Program:
    (archive,) = ensure(NAME)
    folder = site.home / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    # Only the C1 compiler: startup takes two thirds of the time, and the registry has little work.
    options = ["-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"]
    runner = _unpacked(archive, site.settings.cache / "unpacked" / archive.name.removesuffix(".tar.gz"))
    if site.secrets:
        _write_locks(folder, site.secrets)
    command = [java(), *options, *jvm_options(site.home), "-jar", str(runner)]
    return Program(command, directory=folder, environment=_environment(site))


def _environment(site: Site) -> dict[str, str]:
    return {
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": site.endpoints.kafka_bootstrap_servers,
        # It reads three topics to their end before it answers, and by default waits 5 s at each end.
        "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "500",
        "QUARKUS_HTTP_HOST": LOOPBACK,
        "QUARKUS_HTTP_PORT": str(site.ports.registry),
        "QUARKUS_MANAGEMENT_HOST": LOOPBACK,
        "QUARKUS_MANAGEMENT_PORT": str(site.ports.registry_management),
        "QUARKUS_LOG_CONSOLE_COLOR": "false",
    }


def _write_locks(folder: Path, secrets: Secrets) -> None:
    """Write the file that Quarkus reads in its working folder; `$` is doubled against variable expansion."""
    options = secrets.kafka(REGISTRY).java()
    lines = [f"apicurio.kafka.common.{key}={value.replace('$', '$$')}\n" for key, value in options.items()]
    # Apicurio sets the protocol by a name of its own, separate from the options that it passes to Kafka.
    lines.append(f"apicurio.kafkasql.security.protocol={options['security.protocol']}\n")
    write_atomically(folder / "config" / "application.properties", "".join(lines), PRIVATE)


def _unpacked(archive: Path, folder: Path) -> Path:
    """Return the archive's runner; unpacked under a draft name and renamed, so that it is always complete."""
    runner = folder / "quarkus-run.jar"
    with file_lock(
        folder.with_name(f"{folder.name}.lock"), "another ./taxi is unpacking the registry; waiting for it"
    ):
        if not runner.exists():
            with atomic_folder(folder) as draft, tarfile.open(archive) as stream:
                unpack(stream, draft)
    return runner
