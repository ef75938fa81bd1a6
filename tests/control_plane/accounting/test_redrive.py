"""Bytes that no trip is made of: each is set aside with its reason, and the job goes on."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from control_plane.topics import Topic
from producer.publishing.kafka_topic import KafkaCluster
from producer.publishing.publisher_lease import only_publisher
from schemas import trip
from schemas.topics import DEFAULT_PARTITIONS, TRIPS_TOPIC
from stack.services.registry import NAME as REGISTRY
from stack.supervision.supervisor import Supervisor
from tests.platform import Platform
from tests.poison import UNKNOWN
from tests.records import (
    at,
    move_event_clock,
    publish,
    register,
    schema_id,
    trip_record,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.integration


def dead_letters(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `./taxi dead-letters`."""
    return subprocess.run(
        dead_letters_command(*arguments),
        env=platform.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def dead_letters_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "taxi_cli", "dead-letters", *arguments]


@pytest.mark.long("a second redrive: the first is in make test")
def test_letters_whose_schema_was_registered_afterwards_are_redriven_and_counted_once(
    platform: Platform,
) -> None:
    # 13:00  trips of 11:00 in an unknown schema, which is registered then; the letters go back to 13:00, late
    trips, first_page = 600, 500
    number = register(platform, "before-value", renamed("before")) + 1
    move_event_clock(platform, at("13:00"))
    records = [
        trip_record(number, str(UUID(int=row)), at("11:00:00"), zone=74, cents=100) for row in range(trips)
    ]
    publish(platform, records)
    letters = {entry.taxi_type: entry.dead_letters for entry in platform.balanced_ledger().entries}
    assert letters["unknown"] == trips
    (address,) = platform.query(
        "select concat_ws('/', topic, partition, kafka_offset) from taxi.dead_letters limit 1"
    )[0]
    shown = dead_letters(platform, "show", address).stdout
    assert "unknown_schema" in shown
    assert f"the registry does not know schema {number}" in shown
    assert (
        "would be published to topic trips again: 0 dead letters"
        in dead_letters(platform, "redrive", "--dry-run").stderr
    )

    assert register(platform, "after-value", renamed("after")) == number
    kill_after_the_first_page(platform, trips)
    assert dead_letters(platform, "redrive", "--yes").returncode == 0
    assert (
        "published to topic trips again: 0 dead letters" in dead_letters(platform, "redrive", "--yes").stderr
    )
    green = next(entry for entry in platform.balanced_ledger().entries if entry.taxi_type == "green")
    assert (green.late, green.duplicates, green.windowed) == (trips, first_page, 0)
    windows = platform.query("select count(*), min(trips), max(trips) from taxi.zone_fares_15m")
    assert windows == [(15, trips, trips)]
    assert platform.query("select count(*) from taxi.dead_letters where redriven_at is null") == [(0,)]


def renamed(name: str) -> dict[str, Any]:
    """The current schema as another one, which encodes alike."""
    return {**trip.current().record, "namespace": name}


def kill_after_the_first_page(platform: Platform, records: int) -> None:
    """Kill a re-drive between the publication of a page and the note that it was published."""
    topic = Topic(platform.endpoints.kafka_bootstrap_servers)
    before = topic.record_count()
    with notes_held_back(platform):
        redrive = subprocess.Popen(dead_letters_command("redrive", "--yes"), env=platform.environment)
        wait_for(lambda: topic.record_count() >= before + 500, what="the first page")
        redrive.kill()
        redrive.wait()
    assert topic.record_count() < before + records


@contextmanager
def notes_held_back(platform: Platform) -> Iterator[None]:
    """While this lasts, nobody can change a dead letter."""
    with psycopg.connect(platform.endpoints.postgres_dsn) as connection:
        connection.execute("select 1 from taxi.dead_letters for update")
        yield


def test_a_letter_is_redriven_with_the_schema_that_it_was_written_with(
    platform: Platform, tmp_path: Path
) -> None:
    number = schema_id(platform)
    move_event_clock(platform, at("13:00"))
    ours = str(UUID(int=7))
    wrong = trip_record(987_654, ours, at("11:00:00"), zone=74, cents=100)
    publish(platform, [wrong, UNKNOWN, b"\x07 no"])
    platform.balanced_ledger()
    cluster = KafkaCluster(platform.endpoints.kafka_bootstrap_servers)
    topic = cluster.topic(TRIPS_TOPIC, DEFAULT_PARTITIONS)
    with only_publisher(cluster, topic, tmp_path, print):  # from another home
        assert "another replay is publishing" in dead_letters(platform, "redrive", "--yes").stderr
    done = dead_letters(platform, "redrive", "--class", "unknown_schema", "--schema-id", str(number), "--yes")
    assert "published to topic trips again: 1 dead letter;" in done.stderr
    assert "1 unknown_schema" in done.stderr
    platform.balanced_ledger()
    assert platform.query("select trip_id::text from taxi.late_trips") == [(ours,)]
    left = platform.query("select payload from taxi.dead_letters where redriven_at is null order by 1")
    assert left == [(UNKNOWN,), (b"\x07 no",)]


@pytest.mark.long("waits for a restart of the job; the drill kill-registry is alike")
def test_a_registry_that_is_away_makes_no_dead_letter(platform: Platform) -> None:
    number = schema_id(platform)
    supervisor = Supervisor(platform.endpoints.home)
    supervisor.stop_service(REGISTRY)
    publish(platform, [trip_record(number, str(UUID(int=1)), at("11:00:00"), zone=74, cents=100)])
    try:
        wait_for(lambda: platform.status().restarts.count, what="the job to try again")
    finally:
        supervisor.start_service(REGISTRY)
    entries = {entry.taxi_type: entry for entry in platform.balanced_ledger().entries}
    assert (entries["green"].late, "unknown" in entries) == (1, False)
