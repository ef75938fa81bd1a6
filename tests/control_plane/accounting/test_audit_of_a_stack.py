"""The audit as an operator calls it: it tells a hole from what is still on its way."""

import json
import os
import subprocess
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Producer

from control_plane.jobs.lifecycle import JobSite
from schemas.jobs import DEFAULT_JOB
from schemas.topics import TRIPS_TOPIC
from stack.settings import ROOT
from tests.platform import Platform
from tests.records import at, millis, move_event_clock, publish, schema_id, trip_record

pytestmark = pytest.mark.integration

TRIP = "0b7a2c1e-0000-4000-8000-00000000000a"
NO_TRIP = b"no trip at all"
TIMEOUT_SECONDS = "120"


def audit(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "taxi"), "audit", *arguments],
        env={**os.environ, "TAXI_HOME": str(platform.endpoints.home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_open_windows_are_no_hole_and_a_lost_row_is_one_between_source_and_exits(platform: Platform) -> None:
    #   10:50    10:56      11:00     11:30
    #              o  clock               clock: the quarter that ends 11:00 is closed
    record = trip_record(schema_id(platform), TRIP, at("10:55:30"), zone=74, cents=1000)
    publish(platform, [record, NO_TRIP], timestamp_ms=millis(at("10:56")))
    platform.await_rows("select 1 from taxi.trips")
    early = audit(platform)
    assert (early.returncode, "the audit is not conclusive" in early.stdout) == (3, True)
    assert "records are in flight, so this is not final" in early.stdout
    assert "does not add up" not in early.stdout

    move_event_clock(platform, at("11:30"))
    whole = audit(platform, "--json", "--by-hour", "--wait", TIMEOUT_SECONDS)
    output = json.loads(whole.stdout)
    assert (whole.returncode, output["verdict"], output["records_in_kafka"]) == (0, "balanced", 4)
    assert output["hours"] == []

    platform.execute("delete from taxi.dead_letters")
    lost = audit(platform)
    assert lost.returncode == 1
    hole = "discrepancy between the source and the sinks, unknown: 2024-01-10 10:00 1 read but not stored"
    assert hole in lost.stdout
    hours = json.loads(audit(platform, "--json", "--by-hour").stdout)["hours"]
    assert [(hour["taxi_type"], hour["event_hour"], hour["imbalance"]) for hour in hours] == [
        ("unknown", "2024-01-10 10:00:00", 1)
    ]
    assert {hour["taxi_type"] for hour in _all_hours(platform)} == {"green", "unknown"}


def test_what_was_aborted_is_no_trip_and_the_ends_of_transactions_are_not_missed(platform: Platform) -> None:
    #   aborted: one trip    committed: two trips    their ends: two offsets, which no reader gets
    number = schema_id(platform)
    move_event_clock(platform, at("10:50"))
    for commits, first, trips in ((False, 1, 1), (True, 2, 2)):
        records = [
            trip_record(number, str(UUID(int=first + row)), at("10:55:30"), zone=74, cents=1000)
            for row in range(trips)
        ]
        send_in_a_transaction(platform, records, at("10:56"), commits=commits)
    move_event_clock(platform, at("11:30"))
    for commits in (False, True):  # what the topic ends with is no record
        send_in_a_transaction(platform, [NO_TRIP], at("11:30"), commits=commits)
    whole = audit(platform, "--json", "--wait", TIMEOUT_SECONDS)
    output = json.loads(whole.stdout)
    # 2 trips, 1 dead letter, 4 markers
    found = (whole.returncode, output["verdict"], output["unrest"], output["records_in_kafka"])
    assert found == (0, "balanced", "", 7)
    assert platform.query("select count(*) from taxi.trips") == [(2,)]
    assert platform.query("select trips from taxi.zone_fares_15m where window_end = '2024-01-10 11:00'") == [
        (2,)
    ]
    assert JobSite.of(platform.endpoints, DEFAULT_JOB).status().flow.lag_records == 0


def send_in_a_transaction(
    platform: Platform, values: Sequence[bytes], clock: datetime, *, commits: bool
) -> None:
    producer = Producer(
        {
            "bootstrap.servers": platform.endpoints.kafka_bootstrap_servers,
            "transactional.id": uuid4().hex,
            "log_level": 2,
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(TRIPS_TOPIC, value, partition=0, timestamp=millis(clock))
    assert producer.flush(30) == 0
    if commits:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def _all_hours(platform: Platform) -> list[dict[str, str]]:
    output = json.loads(audit(platform, "--json", "--from", "2024-01-10T10", "--to", "2024-01-10T11").stdout)
    return list(output["hours"])
