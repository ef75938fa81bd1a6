"""Run the schema registry, set up as the one of the local stack."""

import os

from stack.settings import StackSettings, home_folder
from stack.toolchain.java import java, jvm_options

MEMORY = ("-Xms128m", "-Xmx256m")
SETTINGS = {
    "APICURIO_STORAGE_KIND": "kafkasql",
    "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "500",
    "QUARKUS_HTTP_PORT": "8080",
    "QUARKUS_LOG_CONSOLE_COLOR": "false",
}


def main() -> None:
    """Become the registry, which keeps its state in Kafka."""
    (runner,) = (StackSettings.from_environment().cache / "unpacked").glob("*/quarkus-run.jar")
    options = [*MEMORY, "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", *jvm_options(home_folder())]
    addresses = {"APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    command = [java(), *options, "-jar", str(runner)]
    os.execve(java(), command, {**os.environ, **SETTINGS, **addresses})  # noqa: S606


if __name__ == "__main__":
    main()
