"""Flink: a JobManager with the dashboard, and a TaskManager."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.atomic_file import write_atomically
from schemas.errors import UserError
from schemas.time_zone import UTC_JVM
from stack.endpoints import Endpoints
from stack.ports import LOOPBACK
from stack.probes import get_json
from stack.security.secrets import JOB
from stack.services.service import Service, Site
from stack.settings import ROOT, inherited_environment
from stack.supervision.program import Program
from stack.toolchain.flink_wheel import distribution, java_options, prometheus_plugin
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java, java_home, jvm_options
from stack.toolchain.java_build import ensure_reporter_jar

JOBMANAGER = "flink-jobmanager"
TASKMANAGER = "flink-taskmanager"

# Flink's own reporter listens on every interface.
REPORTER_FACTORY = "org.apache.flink.metrics.prometheus.BoundPrometheusReporterFactory"

CLUSTER_SETTINGS: dict[str, object] = {
    "jobmanager.memory.process.size": "1024m",
    "taskmanager.memory.process.size": "2048m",
    # Our jobs keep their state on the heap; it gets the memory that RocksDB and Python would take.
    "taskmanager.memory.managed.fraction": 0.1,
    "taskmanager.numberOfTaskSlots": 4,
    "state.backend.type": "hashmap",
    "execution.checkpointing.num-retained": 3,
    "classloader.parent-first-patterns.additional": "org.postgresql.",
    "metrics.fetcher.update-interval": "2 s",
    # A query to a killed TaskManager blocks every other metric until this timeout.
    "web.timeout": "10 s",
    # A killed TaskManager is detected after two heartbeats that cannot be delivered, one that hangs after the
    # timeout; with the defaults it takes twenty and fifty seconds.
    "heartbeat.interval": "1 s",
    "heartbeat.timeout": "12 s",
}
"""Settings for every environment of the cluster; docker-compose.yml repeats them."""

_MAIN_CLASSES = {
    JOBMANAGER: "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    TASKMANAGER: "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
}
_RESOURCE_COMMANDS = {JOBMANAGER: "GET_JM_RESOURCE_PARAMS", TASKMANAGER: "GET_TM_RESOURCE_PARAMS"}
_RESULT_MARK = "BASH_JAVA_UTILS_EXEC_RESULT:"


def jobmanager(site: Site) -> Service:
    """Return the JobManager of this site."""
    return Service(
        name=JOBMANAGER,
        prepare=lambda: _prepare(site, JOBMANAGER),
        check=lambda: job_count(site.endpoints.flink_rest_url),
    )


def taskmanager(site: Site) -> Service:
    """Return the TaskManager of this site."""
    return Service(
        name=TASKMANAGER,
        prepare=lambda: _prepare(site, TASKMANAGER),
        check=lambda: slot_count(site.endpoints.flink_rest_url),
        asked_through=JOBMANAGER,
    )


def job_count(url: str) -> str:
    """Return the number of jobs, by the dashboard's API."""
    running = _overview(url)["jobs-running"]
    return f"{running} job{'' if running == 1 else 's'} running"


def slot_count(url: str) -> str:
    """Return the number of task slots, by the JobManager's API; raises while there are none."""
    overview = _overview(url)
    if overview["slots-total"] < 1:
        raise ConnectionError("no TaskManager has registered its slots")
    return f"{overview['slots-available']} of {overview['slots-total']} slots free"


def configuration_folder(home: Path) -> Path:
    """Return the FLINK_CONF_DIR of a stack."""
    return home / "flink" / "conf"


def client_environment(endpoints: Endpoints) -> dict[str, str]:
    """Return the variables with which Flink's command line and PyFlink reach the cluster."""
    local = configuration_folder(endpoints.home)
    (endpoints.home / "logs").mkdir(parents=True, exist_ok=True)
    return {
        "FLINK_HOME": str(distribution()),
        "FLINK_CONF_DIR": str(local if endpoints.is_local else _client_configuration(endpoints)),
        "FLINK_LOG_DIR": str(endpoints.home / "logs"),
        "JAVA_HOME": str(java_home()),
    }


def _client_configuration(endpoints: Endpoints) -> Path:
    """Write the configuration of a client, for a cluster of another machine; return its folder.

    It has no settings of state and memory: those are the cluster's.
    """
    folder = endpoints.home / "flink" / "client-conf"
    folder.mkdir(parents=True, exist_ok=True)
    cluster = urlsplit(endpoints.flink_rest_url)
    options = {
        "jobmanager.rpc.address": cluster.hostname,
        "rest.address": cluster.hostname,
        "rest.port": cluster.port or 8081,
        "env.java.opts.all": _client_java_options(),
    }
    write_atomically(folder / "config.yaml", _as_yaml(options))
    _copy_log_settings(folder)
    return folder


def _overview(url: str) -> dict[str, Any]:
    overview: dict[str, Any] = get_json(f"{url}/overview")
    return overview


def _prepare(site: Site, name: str) -> Program:
    folder = site.home / "flink"
    for inner in ("conf", "checkpoints", "savepoints", "tmp"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    _write_configuration(site)
    memory, arguments = _resources(site, name)
    jars = [*sorted((distribution() / "lib").glob("*.jar")), *drivers()]
    # Not jobmanager.sh and taskmanager.sh: they run Java three times before the real start, and a killed
    # TaskManager would be away for ten seconds instead of three.
    command = [
        *(java(), *memory, *_common_options(site, name), "-cp", class_path(jars), _MAIN_CLASSES[name]),
        *("--configDir", str(configuration_folder(site.home)), *arguments),
        *("-D", f"metrics.reporter.prometheus.port={_metrics_port(site, name)}"),
    ]
    return Program(
        command, directory=folder, environment={**_environment(_plugins(site, name)), **_passfile(site)}
    )


def _passfile(site: Site) -> dict[str, str]:
    """Point the database driver to its password file, so that no job graph holds the password."""
    return {"PGPASSFILE": str(site.secrets.passfile(JOB))} if site.secrets else {}


def drivers() -> list[Path]:
    """Return the jars to load once per process.

    DriverManager never releases a driver, nor the job that loaded it:

    https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/ops/debugging/debugging_classloading/
    """
    return [jar for jar in ensure("flink") if jar.name.startswith("postgresql-")]


def _metrics_port(site: Site, name: str) -> int:
    return {JOBMANAGER: site.ports.jobmanager_metrics, TASKMANAGER: site.ports.taskmanager_metrics}[name]


def _plugins(site: Site, name: str) -> Path:
    """Create the plugins of one process: Flink's Prometheus reporter, and ours that binds it to loopback."""
    folder = site.home / "flink" / "plugins" / name
    reporter = folder / "metrics-prometheus"
    shutil.rmtree(folder, ignore_errors=True)  # jars of an older version would be loaded too
    reporter.mkdir(parents=True)
    for jar in (prometheus_plugin(), ensure_reporter_jar()):
        (reporter / jar.name).symlink_to(jar)
    return folder


def _environment(plugins: Path) -> dict[str, str]:
    root = distribution()
    return {
        "FLINK_HOME": str(root),
        "FLINK_LIB_DIR": str(root / "lib"),
        "FLINK_PLUGINS_DIR": str(plugins),
        "FLINK_OPT_DIR": str(root / "opt"),
        "JAVA_HOME": str(java_home()),
        "MALLOC_ARENA_MAX": "2",
    }


def _common_options(site: Site, name: str) -> list[str]:
    return [
        *java_options().split(),
        "-Djava.security.manager=allow",
        *jvm_options(site.home),
        "-XX:+UseG1GC",
        "-XX:+ExitOnOutOfMemoryError",
        f"-Dlog.file={site.logs / f'{name}.log'}",
        f"-Dlog4j.configurationFile={ROOT / 'stack' / 'conf' / 'flink-log4j2.properties'}",
    ]


def _write_configuration(site: Site) -> None:
    # Both processes are prepared at the same time, and both write these files.
    write_atomically(configuration_folder(site.home) / "config.yaml", _as_yaml(_configuration(site)))
    _copy_log_settings(configuration_folder(site.home))


def _as_yaml(options: Mapping[str, object]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in options.items())


def _copy_log_settings(folder: Path) -> None:
    for properties in ("log4j-cli.properties", "log4j-session.properties"):
        write_atomically(folder / properties, (distribution() / "conf" / properties).read_text())


def _client_java_options() -> str:
    return f"{java_options()} {UTC_JVM} -Djava.security.manager=allow"


def _configuration(site: Site) -> dict[str, object]:
    folder = site.home / "flink"
    return {
        **_addresses(site),
        **CLUSTER_SETTINGS,
        "io.tmp.dirs": folder / "tmp",
        "execution.checkpointing.dir": f"file://{folder / 'checkpoints'}",
        "execution.checkpointing.savepoint-dir": f"file://{folder / 'savepoints'}",
        "metrics.reporter.prometheus.factory.class": REPORTER_FACTORY,
        "metrics.reporter.prometheus.host": LOOPBACK,
        # Otherwise the underscores that metric names need are put into the values of labels too.
        "metrics.reporter.prometheus.filterLabelValueCharacters": "false",
        # Each repeats what task_attempt_id contains, on every one of two thousand lines.
        "metrics.reporter.prometheus.scope.variables.excludes": "task_id;task_attempt_num;host",
        "env.java.opts.all": _client_java_options(),
    }


def _addresses(site: Site) -> dict[str, object]:
    return {
        "jobmanager.rpc.address": LOOPBACK,
        "jobmanager.rpc.port": site.ports.flink_rpc,
        "jobmanager.bind-host": LOOPBACK,
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": site.ports.flink,
        "rest.bind-port": site.ports.flink,
        "metrics.internal.query-service.port": 0,
    }


def _resources(site: Site, name: str) -> tuple[list[str], list[str]]:
    """Return heap sizes and memory arguments as Flink computes them; cached until its settings change."""
    configuration = configuration_folder(site.home) / "config.yaml"
    kept = site.home / "flink" / f"{name}.{hashlib.sha256(configuration.read_bytes()).hexdigest()[:16]}.args"
    if not kept.exists():
        write_atomically(kept, _computed_resources(site, name))
    memory, arguments = kept.read_text().splitlines()
    return memory.split(), arguments.split()


def _computed_resources(site: Site, name: str) -> str:
    jars = [distribution() / "bin" / "bash-java-utils.jar", *(distribution() / "lib").glob("flink-dist*.jar")]
    command = [java(), "-cp", class_path(jars), "org.apache.flink.runtime.util.bash.BashJavaUtils"]
    done = subprocess.run(
        [*command, _RESOURCE_COMMANDS[name], "--configDir", str(configuration_folder(site.home))],
        capture_output=True,
        text=True,
        env=inherited_environment(),
        check=False,
    )
    results = [line.partition(_RESULT_MARK)[2] for line in done.stdout.splitlines() if _RESULT_MARK in line]
    if done.returncode != 0 or len(results) != 2:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(
            f"Flink rejects its configuration: {' '.join(reason)}", f"see {site.home / 'flink/conf'}"
        )
    return "\n".join(results) + "\n"
