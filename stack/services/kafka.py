"""One Kafka node, broker and controller in one process, without ZooKeeper."""

import base64
import subprocess
import uuid
from contextlib import nullcontext
from pathlib import Path

from confluent_kafka.admin import AdminClient

from schemas.atomic_file import PRIVATE, write_atomically
from schemas.errors import UserError
from schemas.kafka_security import KafkaAccess
from stack.ports import LOOPBACK
from stack.probes import require_listener
from stack.security.kafka_locks import kafka_locks, with_users
from stack.security.kafka_rights import apply_rights
from stack.services.service import Service, Site
from stack.settings import ROOT, inherited_environment
from stack.supervision.identity import KAFKA_SERVICE
from stack.supervision.program import Program
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java, jvm_options

NAME = KAFKA_SERVICE
METADATA_TIMEOUT_SECONDS = 5

BROKER_SETTINGS: dict[str, object] = {
    # A mistyped topic must be an error, not a new topic.
    "auto.create.topics.enable": "false",
    # Replayed trips have old timestamps: any retention would delete them on arrival.
    "log.retention.ms": -1,
    "log.message.timestamp.type": "CreateTime",
    "num.partitions": 1,
    # One node: Kafka's internal topics cannot have three replicas.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 8,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 8,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    # The lock of a topic's publishers is a consumer group: this is how fast Kafka detects a killed one.
    "group.consumer.min.session.timeout.ms": 3000,
    "group.consumer.session.timeout.ms": 3000,
    "group.consumer.min.heartbeat.interval.ms": 1000,
    "group.consumer.heartbeat.interval.ms": 1000,
}
"""Settings for every environment of the broker; docker-compose.yml repeats them."""


def kafka(site: Site) -> Service:
    """Return the broker of this site."""
    return Service(
        name=NAME,
        prepare=lambda: _prepare(site),
        check=lambda: broker_count(site.endpoints.kafka),
        finish=(lambda: _apply_rights(site)) if site.secrets else None,
    )


def broker_count(kafka: KafkaAccess | str) -> str:
    """Return the number of brokers, by the cluster's metadata."""
    access = KafkaAccess.of(kafka)
    require_listener(
        access.bootstrap_servers
    )  # a metadata call to a closed port would wait for its full timeout
    # `log_level` 0: while the broker starts, librdkafka would print each refused connection.
    client = AdminClient({**access.librdkafka(), "log_level": 0})
    metadata = client.list_topics(timeout=METADATA_TIMEOUT_SECONDS)
    topics = sum(not name.startswith("_") for name in metadata.topics)
    return f"{len(metadata.brokers)} broker, {topics} topic{'' if topics == 1 else 's'}"


def _prepare(site: Site) -> Program:
    folder = site.home / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    jars = class_path(ensure(NAME))
    properties = folder / "server.properties"
    write_atomically(properties, _properties(site, folder / "data"), PRIVATE)
    if not (folder / "data" / "meta.properties").exists():
        _format_storage(jars, properties, site)
    options = ["-Xms256m", "-Xmx768m", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", _logging()]
    command = [java(), *options, *jvm_options(site.home), "-cp", jars, "kafka.Kafka", str(properties)]
    return Program(command, directory=folder)


def _logging() -> str:
    return f"-Dlog4j2.configurationFile={ROOT / 'stack' / 'conf' / 'kafka-log4j2.properties'}"


def _properties(site: Site, data: Path) -> str:
    broker, controller = f"{LOOPBACK}:{site.ports.kafka}", f"{LOOPBACK}:{site.ports.kafka_controller}"
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"BROKER://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"BROKER://{broker}",
        "inter.broker.listener.name": "BROKER",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        **BROKER_SETTINGS,
    }
    locks = kafka_locks(site.secrets) if site.secrets else {}
    return "".join(f"{key}={value}\n" for key, value in {**settings, **locks}.items())


def _apply_rights(site: Site) -> None:
    apply_rights(site.endpoints.kafka)


def _format_storage(jars: str, properties: Path, site: Site) -> None:
    """Format the storage with the node's id; `--ignore-formatted` repairs an interrupted format."""
    arguments = [
        "format",
        "--ignore-formatted",
        f"--cluster-id={new_cluster_id()}",
        "--config",
        str(properties),
    ]
    command = [java(), _logging(), "-cp", jars, "kafka.tools.StorageTool", *arguments]
    with with_users(site.secrets, command) if site.secrets else nullcontext(command) as command_with_users:
        done = subprocess.run(
            command_with_users,
            capture_output=True,
            text=True,
            env=inherited_environment(),
            check=False,
            cwd=site.home,
        )
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip().splitlines()[:1]
        raise UserError(
            f"Kafka could not format {site.home / 'kafka'}: {' '.join(reason)}", "run ./taxi down --purge"
        )


def new_cluster_id() -> str:
    """Return a random id in the format of Kafka."""
    # A leading dash would be read as an option.
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
