"""The topics have their names from one place, in every program and in what AWS and Docker are given."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.jobs.wiring import Wiring
from flink_jobs.zone_fares.settings import ZoneFaresSettings
from producer.settings import ProducerSettings
from schemas.topics import (
    DEAD_LETTERS_TOPIC,
    DEFAULT_PARTITIONS,
    PUBLISHER_GROUP_PREFIX,
    TRIPS_TOPIC,
    dead_letters_topic,
)
from tests.oracle.real_months import REPOSITORY

pytestmark = pytest.mark.unit

ROOMS = (
    "airflow_dags",
    "batch_backfill",
    "bench",
    "control_plane",
    "docker",
    "flink_jobs",
    "live_map",
    "producer",
    "schemas",
    "stack",
    "taxi_cli",
)


def texts_of(path: Path) -> list[str]:
    """The literal texts of a module, also those between the values of an f-string."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_the_names_are_written_in_one_module_only() -> None:
    parts = (DEAD_LETTERS_TOPIC, f"{TRIPS_TOPIC}-reprocess-")
    found = {
        str(path.relative_to(REPOSITORY))
        for room in ROOMS
        for path in (REPOSITORY / room).rglob("*.py")
        for text in texts_of(path)
        if any(part in text for part in parts)
    }
    assert found == {"schemas/topics.py"}


def test_every_program_reads_and_writes_the_same_topics_unless_it_is_given_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TRIPS_TOPIC", "TRIPS_PARTITIONS", "DEAD_LETTERS_TOPIC"):
        monkeypatch.delenv(name, raising=False)
    producer = ProducerSettings.from_environment()
    assert (producer.trips_topic, producer.trips_partitions) == (TRIPS_TOPIC, DEFAULT_PARTITIONS)
    job = ZoneFaresSettings(kafka_bootstrap_servers="", schema_registry_url="", postgres_dsn="")
    assert (job.trips_topic, job.dead_letters_topic) == (TRIPS_TOPIC, DEAD_LETTERS_TOPIC)
    wiring = Wiring.of_job("zone_fares")
    assert (wiring.topic, wiring.dead_letters_topic) == (TRIPS_TOPIC, DEAD_LETTERS_TOPIC)
    assert Wiring.of_job("zone_fares-3").dead_letters_topic == dead_letters_topic(3) == "trips-dead-letters-3"


def test_docker_makes_these_topics() -> None:
    services: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))[
        "services"
    ]
    # The producer's program creates them, with its own defaults for what is not given here.
    assert services["topics"]["command"] == ["topics"]
    given = services["topics"]["environment"]
    assert given.get("TRIPS_TOPIC", TRIPS_TOPIC) == TRIPS_TOPIC
    assert given["DEAD_LETTERS_TOPIC"] == DEAD_LETTERS_TOPIC
    assert int(given.get("TRIPS_PARTITIONS", DEFAULT_PARTITIONS)) == DEFAULT_PARTITIONS


def test_terraform_gives_these_topics_to_every_program() -> None:
    main = (REPOSITORY / "terraform" / "modules" / "platform" / "main.tf").read_text("utf-8")
    found = re.findall(r'^  topics +=.*trips = "(.+?)", dead_letters = "(.+?)"', main, re.MULTILINE)
    assert found == [(TRIPS_TOPIC, DEAD_LETTERS_TOPIC)]
    elsewhere = [
        path
        for path in (REPOSITORY / "terraform").rglob("*.tf")
        if DEAD_LETTERS_TOPIC in path.read_text("utf-8") and path.parent.name != "platform"
    ]
    assert elsewhere == []


def test_terraform_lets_the_producer_take_the_lock_of_its_topic() -> None:
    roles = (REPOSITORY / "terraform" / "modules" / "identity" / "main.tf").read_text("utf-8")
    assert f"/{PUBLISHER_GROUP_PREFIX}${{var.kafka.trips_topic}}" in roles
