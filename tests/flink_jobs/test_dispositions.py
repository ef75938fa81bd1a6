"""Where each record goes and what of it moves the clock, by Flink itself; the topic is a file, no service."""

import base64
import json
import re
from typing import Any

import pytest
from pyflink.table import EnvironmentSettings, TableEnvironment

from flink_jobs.zone_fares.job import JOB
from schemas.trip import PROGRESS_MARKER_KEY
from tests.flink_jobs.test_windows import SETTINGS

pytestmark = pytest.mark.unit

METADATA = re.compile(r" metadata(?: from '[^']*')?(?: virtual)?")
EPOCH = "1970-01-01 00:00:00"
TRIP: dict[str, Any] = {
    "trip_id": "00000000-0000-4000-8000-000000000001",
    "taxi_type": "green",
    "source_file": "green_tripdata_2024-01.parquet",
    "source_month": "2024-01-01",
    "pickup_at": "2024-01-10 09:50:00",
    "dropoff_at": "2024-01-10 10:00:00",
    "pickup_zone_id": 74,
    "total_amount_cents": 1_000,
    "arrived_at": "2024-01-10 10:00:00",
}
UNREADABLE: dict[str, Any] = {"error": "it cannot be read", "arrived_at": "2024-01-10 10:00:00"}
MARKER = UNREADABLE | {"record_key": base64.b64encode(PROGRESS_MARKER_KEY).decode()}
AHEAD = "more than a minute after its publisher's clock"
CASES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("a trip that has just ended", TRIP, "on_time"),
    # its minute 10:00 closes when the clock, less a minute of disorder, is at 10:00:59.999
    ("a millisecond before its minute closes", TRIP | {"arrived_at": "2024-01-10 10:01:59.998"}, "on_time"),
    ("when its minute closes", TRIP | {"arrived_at": "2024-01-10 10:01:59.999"}, "after_close"),
    ("at the end of a minute", TRIP | {"dropoff_at": "2024-01-10 10:00:59.999"}, "on_time"),
    (
        "at the end of a minute, as it closes",
        TRIP | {"dropoff_at": "2024-01-10 10:00:59.999", "arrived_at": "2024-01-10 10:01:59.999"},
        "after_close",
    ),
    # the watermark of its partition, which closes minute 10:00 at the same 10:00:59.999
    (
        "a millisecond before its partition closes its minute",
        TRIP | {"closed_until": "2024-01-10 10:00:59.998"},
        "on_time",
    ),
    (
        "when its partition has closed its minute",
        TRIP | {"closed_until": "2024-01-10 10:00:59.999"},
        "after_close",
    ),
    ("a minute after its publisher's clock", TRIP | {"arrived_at": "2024-01-10 09:59:00"}, "on_time"),
    (AHEAD, TRIP | {"arrived_at": "2024-01-10 09:58:59.999"}, "after_close"),
    ("a trip that breaks a rule", TRIP | {"total_amount_cents": 0}, "quarantined"),
    ("a trip without a drop-off", TRIP | {"dropoff_at": None}, "quarantined"),
    (
        "a trip that breaks a rule, long after",
        TRIP | {"total_amount_cents": 0, "arrived_at": "2024-02-01 00:00:00"},
        "quarantined",
    ),
    ("a marker", MARKER, "progress_marker"),
    ("a record without value under another key", UNREADABLE | {"record_key": "bm8="}, "dead_letter"),
    ("bytes under the key of a marker", MARKER | {"payload": "bm8="}, "dead_letter"),
    ("bytes", UNREADABLE | {"payload": "bm8="}, "dead_letter"),
)

CLOCKS = {"on_time": "dropoff_at", "after_close": "dropoff_at", "progress_marker": "arrived_at"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> TableEnvironment:
    """The job's source, as a file of these records, and what it makes of them."""
    folder = tmp_path_factory.mktemp("topic")
    records = [record | {"topic": name} for name, record, _ in CASES]
    (folder / "records.json").write_text("\n".join(map(json.dumps, records)), "utf-8")
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    environment.get_config().set("parallelism.default", "1")
    (declaration,) = JOB.statements("source.sql", SETTINGS)
    columns, _, _ = declaration.rpartition("\n) with (")
    options = f"'connector' = 'filesystem', 'path' = '{folder}', 'format' = 'json'"
    environment.execute_sql(f"{METADATA.sub('', columns)}\n) with ({options})")
    for statement in JOB.statements("classify.sql", SETTINGS):
        environment.execute_sql(statement)
    return environment


def test_each_record_goes_one_way_and_only_what_can_be_trusted_moves_the_clock(
    tables: TableEnvironment,
) -> None:
    found = tables.execute_sql("select topic, disposition, cast(event_time as string) from classified")
    with found.collect() as rows:
        classified = {name: (disposition, clock) for name, disposition, clock in map(tuple, rows)}
    assert {name: disposition for name, (disposition, _) in classified.items()} == {
        name: disposition for name, _, disposition in CASES
    }
    trusted = {
        name: record.get(CLOCKS.get(disposition, ""), EPOCH)
        for name, record, disposition in CASES
        if name != AHEAD
    }
    assert {name: clock for name, (_, clock) in classified.items()} == {
        name: with_milliseconds(clock) for name, clock in {**trusted, AHEAD: EPOCH}.items()
    }


def with_milliseconds(clock: str) -> str:
    """As Flink prints it."""
    return clock if "." in clock else f"{clock}.000"
