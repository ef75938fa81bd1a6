"""The addresses of the Flink cluster, and its settings: those of the local stack."""

from pathlib import Path

from schemas.atomic_file import write_atomically
from schemas.time_zone import UTC_JVM
from stack.services.flink import CLUSTER_SETTINGS, configuration_folder
from stack.toolchain.flink_wheel import distribution, java_options

REPORTERS = "org.apache.flink.metrics.prometheus"
ADDRESSES = {
    "jobmanager.rpc.address": "jobmanager",
    "jobmanager.bind-host": "0.0.0.0",  # noqa: S104 - of the container's own network
    "taskmanager.bind-host": "0.0.0.0",  # noqa: S104
    "rest.address": "jobmanager",
    "rest.bind-address": "0.0.0.0",  # noqa: S104
    "metrics.reporter.prometheus.factory.class": f"{REPORTERS}.PrometheusReporterFactory",
    "metrics.reporter.prometheus.port": 9249,
    "metrics.reporter.prometheus.filterLabelValueCharacters": "false",
    "metrics.reporter.prometheus.scope.variables.excludes": "task_id;task_attempt_num;host",
}
MEMORY = {"jobmanager.memory.process.size": "896m"}
"""Less than of the local stack: all containers together have 6 GB."""
LOGGING = Path(__file__).with_name("flink-log4j2.properties")


def write_configuration(home: Path) -> Path:
    """Write the configuration of JobManager, TaskManager and clients; return its folder."""
    folder = configuration_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        **ADDRESSES,
        **CLUSTER_SETTINGS,
        **MEMORY,
        "execution.checkpointing.dir": f"file://{home / 'flink' / 'checkpoints'}",
        "execution.checkpointing.savepoint-dir": f"file://{home / 'flink' / 'savepoints'}",
        "env.java.opts.all": f"{java_options()} {UTC_JVM} -Djava.security.manager=allow",
    }
    # Each container writes the same files.
    write_atomically(folder / "config.yaml", "".join(f"{key}: {value}\n" for key, value in settings.items()))
    write_atomically(folder / "log4j-console.properties", LOGGING.read_text("utf-8"))
    for name in ("log4j-cli.properties", "log4j-session.properties"):
        write_atomically(folder / name, (distribution() / "conf" / name).read_text("utf-8"))
    return folder
