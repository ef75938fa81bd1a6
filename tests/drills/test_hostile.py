"""Hostile records, and rows that the tables do not take: none stops the job, each is counted."""

import json
from collections.abc import Iterable, Iterator

import httpx
import pytest
from confluent_kafka import Producer

from schemas.topics import DEFAULT_PARTITIONS, TRIPS_TOPIC
from tests.drills.drill import Drill
from tests.hostile import (
    COLLECTION_SCHEMA,
    LIST_SCHEMA,
    ORDINARY,
    far_month,
    json_schema,
    ordinary_trips,
    random_records,
    strange_schemas,
    worst_records,
)
from tests.platform import Platform
from tests.records import at, framed, millis, move_event_clock, register, schema_id
from tests.waiting import wait_for

RANDOM_RECORDS = 600
LARGEST_BYTES = 1_048_000
"""As much as a topic takes by default, but for the batch that the record comes in."""
BEFORE, DURING, AFTER = "08:30", "08:40", "09:00"
CONSTRAINTS = (
    ("all_trips", "no_crowds", "passenger_count < 13"),
    ("late_arrivals", "no_crowds", "passenger_count < 13"),
    ("quarantined_arrivals", "no_refunds", "total_amount_cents > -500"),
)
CLOCKS = ("08:39:10", "08:39:40", "08:39:59")


@pytest.mark.drill("hostile-records")
@pytest.mark.short
def test_no_record_that_avro_takes_stops_the_job_or_leaves_the_accounts(drill: Drill) -> None:
    platform, number = drill.platform, schema_id(drill.platform)
    hostile = [
        *worst_records(number).values(),
        *random_records(number, count=RANDOM_RECORDS, drawn_by=drill.seed),
        *strange_schemas(
            register(platform, "collections-value", COLLECTION_SCHEMA),
            register(platform, "lists-value", LIST_SCHEMA),
            register_json(platform),
        ),
        b"\0" * LARGEST_BYTES,
    ]
    move_event_clock(platform, at(BEFORE))
    send(platform, hostile, BEFORE)
    # It says of itself that it is of 2041; if that moved the watermark, all that follows would be late.
    send(platform, [far_month(number)], BEFORE)
    read = len(hostile) + 1 + DEFAULT_PARTITIONS
    wait_for(lambda: drill.status().records_read >= read, what="the hostile records to be read")
    send(platform, ordinary_trips(number, CLOCKS), DURING, key=b"k" * 1_000)
    move_event_clock(platform, at(AFTER))

    ledger = platform.balanced_ledger()

    assert ledger.records_in_kafka == read + len(CLOCKS) + DEFAULT_PARTITIONS
    assert drill.status().restarts.count == 0
    assert drill.status().is_running
    assert {entry.taxi_type for entry in ledger.entries} <= {"green", "yellow", "fhvhv", "unknown"}
    ends = " or ".join(f"dropoff_at = '2024-01-10 {clock}'" for clock in CLOCKS)
    assert platform.query(f"select count(*) from taxi.trips where on_time and ({ends})") == [(len(CLOCKS),)]
    assert platform.query("select count(*) from taxi.trips where dropoff_at > '2041-01-01'")[0][0] >= 1
    audited = drill.taxi("audit", "--wait", "60")
    assert audited.returncode == 0, audited.stdout
    # Whatever the tables hold, every client can read it.
    for table in (
        "trips",
        "zone_fares_15m",
        "quarantined_trips",
        "late_trips",
        "dead_letters",
        "trip_ledger",
    ):
        platform.query(f"select * from taxi.{table}")


@pytest.fixture
def constraints(drill: Drill) -> Iterator[None]:
    """Constraints that a user added to the tables: at most 12 passengers, no refund of $5 or more."""
    for table, name, condition in CONSTRAINTS:
        drill.platform.execute(f"alter table taxi_1.{table} add constraint {name} check ({condition})")
    yield
    for table, name, _ in CONSTRAINTS:
        drill.platform.execute(f"alter table taxi_1.{table} drop constraint {name}")


@pytest.mark.drill("refused-rows")
@pytest.mark.short
def test_rows_that_the_tables_refuse_are_dead_letters_and_all_others_are_stored(
    drill: Drill, constraints: None
) -> None:
    # passengers   1   1   1   13   1   13      08:31:00 to 08:31:50, while the minute is open
    #              1   1  13    1   1    1      08:01:00 to 08:01:50, late
    platform, number = drill.platform, schema_id(drill.platform)
    move_event_clock(platform, at(BEFORE))
    send(platform, crowd(number, minute=31, crowded={3, 5}), "08:31:50")
    send(platform, crowd(number, minute=1, crowded={2}), "08:31:50")
    # A negative total breaks a rule: quarantined.
    send(platform, [refund(number, "1", -100), refund(number, "2", -1000)], "08:31:50")
    move_event_clock(platform, at(AFTER))

    ledger = platform.balanced_ledger()

    green = next(entry for entry in ledger.entries if entry.taxi_type == "green")
    # The windows count the trips that all_trips refused; the late one and the refund are nowhere else.
    assert (green.windowed, green.late, green.quarantined, green.dead_letters) == (6, 5, 1, 2)
    assert drill.status().restarts.count == 0
    assert platform.query("select count(*) from taxi.trips where on_time") == [(4,)]
    refused = platform.query(
        "select topic, count(*), min(error) from taxi.dead_letters"
        " where error_class = 'refused_by_sink' group by topic order by topic"
    )
    assert [(table, count) for table, count, _ in refused] == [
        ("all_trips", 2),
        ("late_arrivals", 1),
        ("quarantined_arrivals", 1),
    ]
    assert all(error.startswith("23514") for _, _, error in refused)
    assert ["no_crowds" in error or "no_refunds" in error for _, _, error in refused] == [True] * 3
    audited = drill.taxi("audit", "--wait", "60")
    assert audited.returncode == 0, audited.stdout


def crowd(number: int, *, minute: int, crowded: set[int]) -> list[bytes]:
    """Six trips that end ten seconds apart; some with more passengers than a taxi has seats."""
    return [
        framed(
            number,
            **{
                **ORDINARY,
                "trip_id": f"0b7a2c1e-0000-4000-8000-{minute:06}{ahead:06}",
                "pickup_at": millis(at(f"08:{minute:02}:{10 * ahead:02}")) - 600_000,
                "dropoff_at": millis(at(f"08:{minute:02}:{10 * ahead:02}")),
                "passenger_count": 13 if ahead in crowded else 1,
            },
        )
        for ahead in range(6)
    ]


def refund(number: int, name: str, cents: int) -> bytes:
    """A trip that breaks a rule."""
    trip_id = f"0b7a2c1e-0000-4000-9000-{name:>012}"
    return framed(number, **{**ORDINARY, "trip_id": trip_id, "total_amount_cents": cents})


def send(platform: Platform, values: Iterable[bytes], clock: str, *, key: bytes = b"") -> None:
    """Publish in turn to every partition, at this event clock."""
    servers = platform.endpoints.kafka_bootstrap_servers
    producer = Producer({"bootstrap.servers": servers, "message.max.bytes": 2_000_000})
    for place, value in enumerate(values):
        producer.produce(TRIPS_TOPIC, value, key, place % DEFAULT_PARTITIONS, timestamp=millis(at(clock)))
    assert producer.flush(60) == 0


def register_json(platform: Platform) -> int:
    """The registry's id of a schema that is no Avro."""
    url = f"{platform.endpoints.schema_registry_url}/subjects/others-value/versions"
    body = {"schema": json_schema(), "schemaType": "JSON"}
    answer = httpx.post(
        url, content=json.dumps(body), headers={"Content-Type": "application/json"}, trust_env=False
    )
    return int(answer.raise_for_status().json()["id"])
