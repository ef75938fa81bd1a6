"""Airflow: API server with the web UI, scheduler, DAG processor and triggerer."""

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from schemas.atomic_file import PRIVATE, write_atomically, write_json
from schemas.errors import UserError
from stack import database
from stack.console import console
from stack.ports import LOOPBACK
from stack.probes import get_json
from stack.security.secrets import AIRFLOW
from stack.services.postgres_installation import NAME as POSTGRES
from stack.services.service import Service, Site
from stack.settings import ROOT, inherited_environment
from stack.supervision.identity import SCHEDULER_SERVICE
from stack.supervision.program import Program
from stack.supervision.progress import await_exit
from stack.toolchain.environments import ensure_environment

NAME = "airflow"
LOGIN = "admin"
DAGS = ROOT / "airflow_dags" / "dags"
POOLS = ROOT / "airflow_dags" / "pools.json"
API_SERVER, SCHEDULER = "airflow-api-server", SCHEDULER_SERVICE
DAG_PROCESSOR, TRIGGERER = "airflow-dag-processor", "airflow-triggerer"

# Without Airflow's own log server: it would listen on every interface, and the files are on this machine.
_ARGUMENTS = {
    API_SERVER: ("api-server",),
    SCHEDULER: ("scheduler", "--skip-serve-logs"),
    DAG_PROCESSOR: ("dag-processor",),
    TRIGGERER: ("triggerer", "--skip-serve-logs"),
}
# `up` prepares and starts the four processes concurrently; the lock of `up` excludes other runs.
_ONE_AT_A_TIME = Lock()
_HEALTH_NAMES = {
    API_SERVER: "metadatabase",
    SCHEDULER: "scheduler",
    DAG_PROCESSOR: "dag_processor",
    TRIGGERER: "triggerer",
}


def services(site: Site) -> list[Service]:
    """Return the four processes."""
    return [
        Service(
            name=name,
            prepare=lambda name=name: _prepare(site, name),  # type: ignore[misc]
            check=lambda name=name: component_health(site.extra_ports[NAME], name),  # type: ignore[misc]
            starts_after=POSTGRES,
            asked_through=API_SERVER,
            begin=lambda: _migrate(site),
        )
        for name in _ARGUMENTS
    ]


def component_health(port: int, name: str) -> str:
    """Ask the API server for a component's health; raises while it is not healthy."""
    found: dict[str, Any] = get_json(f"http://{LOOPBACK}:{port}/api/v2/monitor/health")
    state = found[_HEALTH_NAMES[name]]["status"]
    if state != "healthy":
        raise ConnectionError(f"Airflow reports it as {state or 'absent'}")
    return f"serves http://{LOOPBACK}:{port}" if name == API_SERVER else "heartbeat is fresh"


def folder(home: Path) -> Path:
    """Return the AIRFLOW_HOME of a stack."""
    return home / NAME


def passwords_file(home: Path) -> Path:
    """Return the file of the login's password, readable by the owner only."""
    return folder(home) / "passwords.json"


def program() -> Path:
    """Return the path of Airflow's command line."""
    return ensure_environment("orchestrate") / "bin" / "airflow"


def environment(site: Site) -> dict[str, str]:
    """Return the variables that Airflow, its tasks and its command line need for this stack."""
    return {
        **site.settings.forwarded_variables,
        "AIRFLOW_HOME": str(folder(site.home)),
        "AIRFLOW_CONN_FLINK_DEFAULT": site.endpoints.flink_rest_url,
        "PYTHONPATH": str(ROOT),
        "TAXI_COMMAND": str(ROOT / "taxi"),
        "TAXI_CACHE_DIR": str(site.settings.cache),
        # A process that writes its title over its environment could not be identified as ours.
        "SPT_NOENV": "1",
    }


def _prepare(site: Site, name: str) -> Program:
    _configure(site)
    kept = [str(_environment_file(site.home)), str(program()), *_ARGUMENTS[name]]
    command = [sys.executable, "-m", "stack.supervision.takeover", *kept]
    # On TERM the scheduler waits for its tasks; after KILL they are left to the cleanup of the whole service.
    stop_signal = "KILL" if name == SCHEDULER else "TERM"
    own = {"PYTHONPATH": str(ROOT), "TAXI_CACHE_DIR": str(site.settings.cache)}
    return Program(command, directory=folder(site.home), environment=own, stop_signal=stop_signal)


def _environment_file(home: Path) -> Path:
    # Not in supervisord's file, which cannot hold values with quotes: connections are JSON.
    return folder(home) / "environment.json"


def _configure(site: Site) -> None:
    """Write airflow.cfg and the password file, whole and for the owner only."""
    folder(site.home).mkdir(parents=True, exist_ok=True)
    with _ONE_AT_A_TIME:
        _ensure_password(site.home)
        sections = _configuration(site, _ensure_secrets(site.home))
        write_atomically(folder(site.home) / "airflow.cfg", _ini(sections), PRIVATE)
        write_json(_environment_file(site.home), environment(site), PRIVATE)


def _ensure_password(home: Path) -> None:
    if passwords_file(home).exists():
        return
    password = secrets.token_urlsafe(12)
    write_json(passwords_file(home), {LOGIN: password}, PRIVATE)
    console().print(
        f"Airflow's login is {LOGIN} with the password {password}, stored in {passwords_file(home)}",
        highlight=False,
        markup=False,
    )


def _ensure_secrets(home: Path) -> Mapping[str, str]:
    path = folder(home) / "secrets.json"
    if not path.exists():
        # Fernet's key is 32 bytes in this same alphabet, with padding.
        keys = {"jwt": secrets.token_urlsafe(48), "session": secrets.token_urlsafe(32)}
        write_json(path, {**keys, "fernet": secrets.token_urlsafe(32) + "="}, PRIVATE)
    kept: dict[str, str] = json.loads(path.read_text("utf-8"))
    return kept


def _configuration(site: Site, kept: Mapping[str, str]) -> dict[str, dict[str, object]]:
    return {
        "core": _core(site, kept),
        "database": _database(site),
        "api": {
            "host": LOOPBACK,
            "port": site.extra_ports[NAME],
            "base_url": f"http://{LOOPBACK}:{site.extra_ports[NAME]}",
            "workers": 1,
            "secret_key": kept["session"],
        },
        "api_auth": {"jwt_secret": kept["jwt"]},
        "logging": {"base_log_folder": folder(site.home) / "logs", "colored_console_log": False},
        "scheduler": {
            "enable_health_check": False,
            # By default a killed task is detected after five minutes.
            "task_instance_heartbeat_timeout": 60,
            "orphaned_tasks_check_interval": 30,
        },
        "dag_processor": {"refresh_interval": 10, "min_file_process_interval": 60, "parsing_processes": 1},
        "usage_data_collection": {"enabled": False},
        **_lineage(site),
    }


def _core(site: Site, kept: Mapping[str, str]) -> dict[str, object]:
    return {
        "dags_folder": DAGS,
        "executor": "LocalExecutor",
        "parallelism": 4,  # of 32, the default, each is a process from the start
        "load_examples": False,
        "default_timezone": "utc",
        "fernet_key": kept["fernet"],
        "execution_api_server_url": f"http://{LOOPBACK}:{site.extra_ports[NAME]}/execution/",
        "simple_auth_manager_users": f"{LOGIN}:admin",
        "simple_auth_manager_passwords_file": passwords_file(site.home),
        # Each DAG declares itself whether it may run at once.
        "dags_are_paused_at_creation": True,
    }


def _lineage(site: Site) -> dict[str, dict[str, object]]:
    """Return the OpenLineage section; disabled until the user sets OPENLINEAGE_URL or OPENLINEAGE_TO."""
    target = site.settings.forwarded_variables.get("OPENLINEAGE_TO", "")
    if not target:
        return {"openlineage": {"disabled": not site.settings.forwarded_variables.get("OPENLINEAGE_URL")}}
    if target.startswith(("http://", "https://")):
        transport = {"type": "http", "url": target}
    else:
        transport = {"type": "file", "log_file_path": target, "append": "true"}
    return {"openlineage": {"transport": json.dumps(transport), "namespace": "nyc-taxi-platform"}}


def _database(site: Site) -> dict[str, object]:
    addresses: dict[str, object] = {"sql_alchemy_conn": _database_address(site, "psycopg2")}
    if site.secrets:
        # Airflow's derived address supports neither libpq's TLS options nor its password files.
        addresses["sql_alchemy_conn_async"] = _database_address(site, "psycopg")
    return addresses


def _database_address(site: Site, driver: str) -> str:
    address = urlsplit(site.endpoints.dsn_of(AIRFLOW))
    return address._replace(scheme=f"postgresql+{driver}", path=f"/{NAME}").geturl()


def _ini(sections: Mapping[str, Mapping[str, object]]) -> str:
    lines = []
    for section, options in sections.items():
        # Airflow's config parser expands %(name)s.
        lines += [f"[{section}]", *(f"{key} = {value}".replace("%", "%%") for key, value in options.items())]
    return "\n".join(lines) + "\n"


def _migrate(site: Site) -> None:
    """Migrate Airflow's database to the locked version; the first of the four does it for all."""
    version = sha256(
        (ROOT / "requirements" / "orchestrate.txt").read_bytes() + POOLS.read_bytes()
    ).hexdigest()
    stamp = folder(site.home) / "database-version"
    with _ONE_AT_A_TIME:
        if stamp.exists() and stamp.read_text() == version:
            return
        database.create(site.endpoints.postgres_dsn, NAME, AIRFLOW if site.secrets else "")
        _run(site, "db", "migrate")
        _run(site, "pools", "import", str(POOLS))
        stamp.write_text(version)


def _run(site: Site, *arguments: str) -> None:
    log = site.logs / "airflow-migration.log"
    command = f"airflow {' '.join(arguments[:2])}"
    with log.open("a") as stream:
        process = subprocess.Popen(
            [str(program()), *arguments],
            env={**inherited_environment(), **environment(site)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        code = await_exit(process, what=command, log=log)
    if code != 0:
        raise UserError(f"{command} failed", f"see {log}")
