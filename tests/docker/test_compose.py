"""docker-compose.yml and docker/Dockerfile, checked without an engine; test_engine.py runs them."""

import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from live_map.settings import DEFAULT_PORT
from stack.settings import EXTRA_PORTS, ROOT

pytestmark = pytest.mark.unit

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
OFFICIAL = {"prometheus", "grafana"}
"""No package registry of the locks has these programs."""
ONCE = {"tables", "topics", "producer"}
"""Programs that end."""
UNITS = {"m": 1, "g": 1024}


def default_profile() -> dict[str, Any]:
    return {name: service for name, service in SERVICES.items() if "profiles" not in service}


def test_every_part_of_the_platform_comes_from_the_one_dockerfile_over_the_one_base() -> None:
    own = {name: service for name, service in SERVICES.items() if name not in OFFICIAL}
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    base = re.findall(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert {service["build"]["dockerfile"] for service in own.values()} == {"docker/Dockerfile"}
    assert {service["build"]["args"]["BASE"] for service in own.values()} == {f"${{TAXI_BASE:-{base[0]}}}"}
    assert {service["build"]["target"] for service in own.values()} <= targets
    assert [name for name in OFFICIAL if "build" in SERVICES[name]] == []


def test_each_stage_starts_from_the_base_or_from_another_stage() -> None:
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE)
    known = {"${BASE}", *(name for _, name in stages)}
    assert [source for source, _ in stages if source not in known] == []


def test_the_environments_are_made_from_the_locks_by_the_program_of_the_local_stack() -> None:
    made = re.findall(r"python3 -m stack\.toolchain\.environments (\S+)$", DOCKERFILE, re.MULTILINE)
    assert sorted(made) == ["map", "stream"]
    assert re.findall(r"pip install|apt-get|curl", DOCKERFILE) == []


def test_every_door_is_on_loopback() -> None:
    doors = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert doors
    assert [door for door in doors if not door.startswith("127.0.0.1:")] == []
    assert SERVICES["map"]["ports"] == [f"127.0.0.1:${{TAXI_MAP_PORT:-{EXTRA_PORTS['map']}}}:{DEFAULT_PORT}"]


def test_no_password_is_written_down() -> None:
    assert re.findall(r"(?i)password(?:__file|_file)?: *(?!/run/secrets/|\{file:)\S+", TEXT) == []


def test_every_service_that_stays_says_whether_it_is_healthy() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == ONCE


def test_the_default_profile_fits_into_six_gigabytes() -> None:
    limits = [service["mem_limit"] for service in default_profile().values()]
    assert sum(int(limit[:-1]) * UNITS[limit[-1]] for limit in limits) <= 6 * 1024


def test_our_containers_have_no_capability_a_read_only_root_and_time_to_stop() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name not in OFFICIAL:
            assert service["read_only"] is True, name
            assert service["stop_grace_period"] == "30s", name


def test_the_profiles_are_those_that_the_file_names() -> None:
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {
        "producer": ["producer"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
    }
    assert set(default_profile()) == {
        *("kafka", "registry", "postgres", "jobmanager", "taskmanager", "job", "map", "tables", "topics")
    }


def test_every_profile_is_valid_for_docker_compose() -> None:
    assert configured(ROOT / "docker-compose.yml").returncode == 0


def test_what_is_not_valid_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(TEXT.replace("healthcheck:", "health:"))
    done = configured(broken)
    assert done.returncode != 0
    assert "health" in done.stderr


def configured(file: Path) -> subprocess.CompletedProcess[str]:
    """What docker compose makes of a file, with all profiles; skips the test where there is none."""
    profiles = [word for name in ("producer", "monitoring") for word in ("--profile", name)]
    arguments = ["--file", str(file), *profiles, "config", "--quiet"]
    for program in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(program[0]) and _run([*program, "version"]).returncode == 0:
            return _run([*program, *arguments])
    pytest.skip("there is neither docker compose nor docker-compose on this machine")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def pulled() -> dict[str, str]:
    """Each image that is pulled, with the rest of its line."""
    base = re.findall(r"^ARG BASE=(\S+)(.*)$", DOCKERFILE, re.MULTILINE)
    return dict([*base, *re.findall(r"^ +image: (\S+:\S+)(.*)$", TEXT, re.MULTILINE)])


def test_three_images_are_pulled_each_with_a_tag_of_one_version() -> None:
    assert len(pulled()) == 3
    assert [name for name in pulled() if not re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z-]+)?(@|$)", name)] == []


def test_an_image_without_a_digest_is_reported_and_the_command_that_finds_it_exists() -> None:
    without = [name for name in pulled() if "@sha256:" not in name]
    if without:
        assert "imagetools inspect" in (ROOT / "docker" / "base-digest.sh").read_text("utf-8")
        warnings.warn(f"no digest is pinned of {', '.join(sorted(without))}", stacklevel=1)
