"""Run the broker, set up as the one of the local stack."""

import os
import subprocess

from schemas.atomic_file import write_atomically
from stack.services.kafka import BROKER_SETTINGS, new_cluster_id
from stack.settings import ROOT, home_folder
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java, jvm_options

LISTENERS = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": "1@127.0.0.1:9093",
    "controller.listener.names": "CONTROLLER",
    # The third is for programs of this machine: a client connects to the address that the broker advertises.
    "listeners": "BROKER://:9092,CONTROLLER://127.0.0.1:9093,LOOPBACK://:9094",
    "advertised.listeners": f"BROKER://kafka:9092,LOOPBACK://127.0.0.1:{os.environ['TAXI_KAFKA_PORT']}",
    "inter.broker.listener.name": "BROKER",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,LOOPBACK:PLAINTEXT",
}
LOGGING = f"-Dlog4j2.configurationFile={ROOT / 'stack' / 'conf' / 'kafka-log4j2.properties'}"
MEMORY = ("-Xms256m", "-Xmx384m")


def main() -> None:
    """Format the storage where it is new, then become the broker."""
    folder = home_folder() / "kafka"
    data, properties = folder / "data", folder / "server.properties"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {**LISTENERS, "log.dirs": data, **BROKER_SETTINGS}
    write_atomically(properties, "".join(f"{key}={value}\n" for key, value in settings.items()))
    jars = class_path(ensure("kafka"))
    if not (data / "meta.properties").exists():
        command = [java(), LOGGING, "-cp", jars, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        subprocess.run([*command, f"--cluster-id={new_cluster_id()}", "--config", properties], check=True)
    options = [*MEMORY, "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", LOGGING, *jvm_options(folder)]
    os.execv(java(), [java(), *options, "-cp", jars, "kafka.Kafka", str(properties)])  # noqa: S606


if __name__ == "__main__":
    main()
