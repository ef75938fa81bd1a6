"""`replay` on a real Kafka and registry: every trip arrives, in order, whatever happens."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import fastavro
import httpx
import psutil
import pytest
from confluent_kafka import Producer

from producer.instants import floor_minute
from producer.publishing.markers import closing_clock_ms
from producer.reading.prepared import span_of
from schemas import trip
from stack.endpoints import Endpoints
from stack.waiting import Polling
from tests.oracle.real_months import real_month, shared_file
from tests.producer.months import dropoff, green_parquet, prepared, rows
from tests.producer.topics import Record, all_records, markers, record_count, trips
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
MONTH = "green_tripdata_2023-12.parquet"
ROWS = 64_215
STOPPED_AFTER = 15_000
NINE_SECONDS_A_MONTH = "300000"


@dataclass(frozen=True)
class Bench:
    """A topic of the test's own, and how to replay into it."""

    endpoints: Endpoints
    topic: str
    environment: dict[str, str]

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "producer", "replay", *map(str, arguments), "--topic", self.topic]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def replay(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def replay_well(self, *arguments: str | Path) -> str:
        result = self.replay(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def records(self) -> list[list[Record]]:
        return all_records(self.endpoints.kafka_bootstrap_servers, self.topic)

    def start_to_midway(self, file: Path, *options: str) -> "subprocess.Popen[str]":
        process = self.start(file, "--speedup", NINE_SECONDS_A_MONTH, *options)

        def is_midway() -> bool:
            assert process.poll() is None, process.communicate()
            return record_count(self.endpoints.kafka_bootstrap_servers, self.topic) >= STOPPED_AFTER

        wait_for(is_midway, what="the first trips", polling=Polling(0))
        return process

    def stop_midway(
        self, file: Path, number: signal.Signals, *options: str
    ) -> "subprocess.CompletedProcess[str]":
        process = self.start_to_midway(file, *options)
        process.send_signal(number)
        return ended(process)


def ended(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    stdout, stderr = process.communicate(timeout=30)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def bench(stack: Endpoints, cache: Path, tmp_path: Path) -> Bench:
    own = {"TAXI_HOME": str(tmp_path), "TAXI_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    return Bench(stack, f"trips-{uuid4().hex[:8]}", os.environ | stack.as_environment() | own)


def ids(records: list[Record]) -> list[str]:
    return [record.key.decode() for record in records]


def expected_ids(file: Path, cache: Path) -> set[str]:
    return {trip_id for (trip_id,) in rows(prepared(file, cache), "trip_id")}


def falsely_late(partition: list[Record], dropoffs: dict[bytes, int]) -> list[bytes]:
    """Valid trips that the stream would call late though they come for the first time."""
    late, seen = [], set()
    for record in partition:
        closes_ms = floor_minute(dropoffs.get(record.key, 2**50)) + 59_999
        if record.key not in seen and closes_ms <= record.timestamp_ms - 60_000:
            late.append(record.key)
        seen.add(record.key)
    return late


def valid_dropoffs(file: Path, cache: Path) -> dict[bytes, int]:
    found = rows(prepared(file, cache), "trip_id, epoch_ms(dropoff_at), is_valid")
    return {trip_id.encode(): dropoff_ms for trip_id, dropoff_ms, is_valid in found if is_valid}


def test_a_month_arrives_whole_and_in_order_with_markers(bench: Bench, cache: Path) -> None:
    file = real_month(MONTH)
    assert f"replayed {ROWS:,} trips" in bench.replay_well(file)
    records = bench.records()
    arrived = ids(trips(records))
    assert len(arrived) == ROWS
    assert set(arrived) == expected_ids(file, cache)
    last_valid_ms = span_of(prepared(file, cache).path).last_valid_dropoff_ms or 0
    for partition in records:
        stamps = [record.timestamp_ms for record in partition]
        assert stamps == sorted(stamps)
        assert partition[-1].is_marker
        assert partition[-1].timestamp_ms == closing_clock_ms(last_valid_ms)
        assert len(markers(partition)) >= ROWS // 5_000
        assert falsely_late(partition, valid_dropoffs(file, cache)) == []


def test_a_published_month_is_not_published_again(bench: Bench, tmp_path: Path) -> None:
    file = green_parquet(tmp_path, {}, {})
    bench.replay_well(file)
    before = bench.records()
    assert "published to topic" in bench.replay_well(file)
    assert bench.records() == before


@pytest.mark.parametrize("options", [(), ("--disorder", "30"), ("--from", "2023-12-01T06:00:00")])
def test_a_month_published_from_another_home_or_with_other_options_is_not_called_late(
    bench: Bench, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = real_month(MONTH)
    bench.replay_well(file, "--to", "2023-12-02T00:00:00")
    before = bench.records()
    other = elsewhere(bench, tmp_path)
    output = other.replay_well(file, "--to", "2023-12-02T00:00:00", *options)
    assert f"already published: the trips are on topic {bench.topic}" in output
    assert bench.records() == before
    # The part that is not there yet is, as before, too late or on time by the event clock.
    more = other.replay(file, "--to", "2023-12-03T00:00:00")
    assert "valid trips would be too late" in more.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_replay_from_another_home_is_refused_while_one_runs_and_learns_which(
    bench: Bench, tmp_path: Path, processes: str
) -> None:
    first = bench.start_to_midway(real_month(MONTH), "--processes", processes)
    refused = elsewhere(bench, tmp_path).replay(green_parquet(tmp_path, {}))
    assert refused.returncode == 1
    assert f"another replay is publishing to topic {bench.topic}: process {first.pid} of " in refused.stderr
    assert f"home {bench.environment['TAXI_HOME']}" in refused.stderr
    first.send_signal(signal.SIGINT)
    assert ended(first).returncode == 130


def elsewhere(bench: Bench, folder: Path) -> Bench:
    """The same topic, replayed into from another home."""
    home = folder / "elsewhere"
    home.mkdir()
    return replace(bench, environment=bench.environment | {"TAXI_HOME": str(home)})


def test_records_are_framed_for_the_registry_and_decode_to_the_trips_of_the_file(
    bench: Bench, cache: Path
) -> None:
    file = real_month(MONTH)
    bench.replay_well(file, "--to", "2023-12-01T06:00:00")
    record = trips(bench.records())[0]
    assert record.value is not None
    schema_id = int.from_bytes(record.value[1:5], "big")
    answer = httpx.get(f"{bench.endpoints.schema_registry_url}/schemas/ids/{schema_id}").json()
    schema = fastavro.parse_schema(json.loads(answer["schema"]))
    decoded = fastavro.schemaless_reader(io.BytesIO(record.value[5:]), schema, None)
    wanted = next(row for row in rows(prepared(file, cache)) if row[0] == record.key.decode())
    columns = trip.all_versions()[0].columns  # what a month of 2023 knew
    row = dict(zip(columns, wanted[: len(columns)], strict=True))
    assert decoded | {"trip_id": str(decoded["trip_id"])} == row


def test_any_client_finds_a_trip_on_the_same_partition(bench: Bench, tmp_path: Path) -> None:
    file = green_parquet(tmp_path, *({"fare_amount": float(number)} for number in range(40)))
    bench.replay_well(file)
    arrived = trips(bench.records())
    chosen = {}
    client = Producer(
        {"bootstrap.servers": bench.endpoints.kafka_bootstrap_servers, "partitioner": "murmur2_random"}
    )
    client.list_topics(bench.topic, timeout=10)
    for record in arrived:
        client.produce(
            bench.topic,
            b"stranger",
            record.key,
            on_delivery=lambda _error, message: chosen.update({message.key(): message.partition()}),
        )
    client.flush(10)
    assert chosen == {record.key: record.partition for record in arrived}


def test_after_kill_9_every_trip_arrives_and_none_is_late(bench: Bench, cache: Path) -> None:
    file = real_month(MONTH)
    killed = bench.stop_midway(file, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert "resuming at" in bench.replay_well(file)
    records = bench.records()
    assert set(ids(trips(records))) == expected_ids(file, cache)
    for partition in records:
        stamps = [record.timestamp_ms for record in partition]
        assert stamps == sorted(stamps)
        assert falsely_late(partition, valid_dropoffs(file, cache)) == []


def test_a_replay_that_ended_with_its_closing_marker_in_flight_is_completed(
    bench: Bench, tmp_path: Path
) -> None:
    file = green_parquet(tmp_path, {}, {})
    bench.replay_well(file)
    (ledger,) = (tmp_path / "replays").glob("*.json")
    noted = json.loads(ledger.read_text("utf-8"))
    ledger.write_text(json.dumps(noted | {"is_complete": False}), "utf-8")
    assert "resuming at" in bench.replay_well(file)
    assert json.loads(ledger.read_text("utf-8")) == noted
    assert "nothing to do" in bench.replay_well(file)


def test_a_replay_that_another_has_overtaken_goes_on_only_when_it_is_meant(
    bench: Bench, cache: Path, tmp_path: Path
) -> None:
    file = real_month(MONTH)
    bench.stop_midway(file, signal.SIGKILL)
    overtaking = green_parquet(
        tmp_path, dropoff("2023-12-30 10:00:00"), name="green_tripdata_2023-12.b.parquet"
    )
    bench.replay_well(overtaking)
    before = record_count(bench.endpoints.kafka_bootstrap_servers, bench.topic)
    refused = bench.replay(file)
    assert refused.returncode == 1
    assert "remaining valid trips would be too late" in refused.stderr
    assert record_count(bench.endpoints.kafka_bootstrap_servers, bench.topic) == before
    assert "resuming at" in bench.replay_well(file, "--as-late")
    assert set(ids(trips(bench.records()))) >= expected_ids(file, cache)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_stops_cleanly_and_the_next_replay_sends_no_trip_twice(
    bench: Bench, cache: Path, processes: str
) -> None:
    file = real_month(MONTH)
    stopped = bench.stop_midway(file, signal.SIGINT, "--processes", processes)
    assert stopped.returncode == 130
    assert "run the same command again" in stopped.stderr
    assert len(stopped.stderr.splitlines()) == 1
    assert "resuming at" in bench.replay_well(file)
    arrived = ids(trips(bench.records()))
    assert len(arrived) == ROWS
    assert set(arrived) == expected_ids(file, cache)


def test_one_killed_process_of_several_ends_the_replay_which_then_goes_on(bench: Bench, cache: Path) -> None:
    file = real_month(MONTH)
    replay = bench.start_to_midway(file, "--processes", "2")
    children = psutil.Process(replay.pid).children()
    next(child for child in children if any("spawn_main" in word for word in child.cmdline())).kill()
    failed = ended(replay)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: a publishing process was killed; stopped at event clock")
    assert len(failed.stderr.splitlines()) == 1
    assert "resuming at" in bench.replay_well(file)
    records = bench.records()
    assert set(ids(trips(records))) == expected_ids(file, cache)
    assert [falsely_late(partition, valid_dropoffs(file, cache)) for partition in records] == [[], []]


def test_a_registry_that_refuses_the_contract_is_quoted_and_nothing_is_sent(
    bench: Bench, tmp_path: Path
) -> None:
    strange = {"type": "record", "name": "Trip", "namespace": "nyc.taxi"}
    strange["fields"] = [{"name": "trip_id", "type": "long"}]  # type: ignore[assignment]
    url = f"{bench.endpoints.schema_registry_url}/subjects/{trip.subject(bench.topic)}/versions"
    httpx.post(url, json={"schema": json.dumps(strange)}, trust_env=False).raise_for_status()
    refused = bench.replay(green_parquet(tmp_path, {}))
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: schema registry ")
    assert "ncompatible" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert record_count(bench.endpoints.kafka_bootstrap_servers, bench.topic) == 0


def test_trips_of_2025_are_written_with_the_second_version(bench: Bench) -> None:
    bench.replay_well(
        shared_file("samples/yellow_tripdata_2025-01.head.parquet"), "--to", "2025-01-01T00:30:00"
    )
    bench.replay_well(real_month(MONTH), "--as-late", "--to", "2023-12-01T06:00:00")
    numbers = {int.from_bytes((record.value or b"")[1:5], "big") for record in trips(bench.records())}
    url = f"{bench.endpoints.schema_registry_url}/schemas/ids"
    columns = [
        json.loads(httpx.get(f"{url}/{number}").json()["schema"])["fields"] for number in sorted(numbers)
    ]
    assert [[field["name"] for field in fields] for fields in columns] == [
        list(schema.columns) for schema in trip.all_versions()
    ]


def test_a_month_that_the_stream_has_passed_is_refused_unless_it_is_meant(
    bench: Bench, tmp_path: Path
) -> None:
    march = green_parquet(tmp_path, dropoff("2020-03-02 10:00:00"))
    passed = green_parquet(
        tmp_path,
        dropoff("2020-03-01 10:00:00"),
        dropoff("2020-03-02 10:20:00"),
        name="green_tripdata_2020-03.b.parquet",
    )
    bench.replay_well(march)
    refused = bench.replay(passed)
    assert refused.returncode == 1
    assert "1 of 2 valid trips would be too late" in refused.stderr
    assert len(trips(bench.records())) == 1
    bench.replay_well(passed, "--as-late")
    records = bench.records()
    assert len(trips(records)) == 3
    for partition in records:
        stamps = [record.timestamp_ms for record in partition]
        assert stamps == sorted(stamps)


def test_a_replay_of_a_part_leaves_the_stream_where_the_part_ends(bench: Bench) -> None:
    file = real_month(MONTH)
    bench.replay_well(file, "--to", "2023-12-01T06:00:00")
    bench.replay_well(file, "--from", "2023-12-01T06:00:00", "--to", "2023-12-01T12:00:00")
    arrived = ids(trips(bench.records()))
    assert len(arrived) == len(set(arrived))


def test_the_pace_is_kept(bench: Bench, tmp_path: Path) -> None:
    # 10:00:00 ─ 20 minutes ─ 10:20:00 at 600 event seconds a second: two seconds
    file = green_parquet(tmp_path, *(dropoff(f"2020-03-01 10:{minute:02}:00") for minute in range(21)))
    started = time.monotonic()
    bench.replay_well(file, "--speedup", "600")
    assert time.monotonic() - started >= 2
    assert len(markers(bench.records()[0])) >= 10
