"""Whatever the speed, the partitions, the processes, the delays and the kills: no trip is lost, and late are
exactly those that were sent late on purpose.

TAXI_SEEDS=10-40 tries other scenarios than the few that every run tries.
"""

import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from producer.instants import floor_minute
from stack.endpoints import Endpoints
from stack.waiting import Polling
from tests.oracle.real_months import real_month
from tests.producer.months import prepared, rows
from tests.producer.topics import Record, all_records, record_count
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
MONTH = "green_tripdata_2023-12.parquet"
ROWS = 64_215
MINUTE_MS = 60_000


def seeds() -> list[object]:
    first, _, last = os.environ.get("TAXI_SEEDS", "1-4").partition("-")
    further = pytest.mark.long("three further drawings of a replay")
    return [
        pytest.param(seed, marks=() if number < 1 else further)
        for number, seed in enumerate(range(int(first), int(last or first) + 1))
    ]


@dataclass(frozen=True)
class Scenario:
    """How a month is replayed, drawn from a seed; it is killed after each of these shares of what is left."""

    seed: int
    speedup: str
    partitions: int
    processes: int
    disorder: int
    is_forwarded: bool
    kills: tuple[float, ...]

    @classmethod
    def of(cls, seed: int) -> "Scenario":
        draw = random.Random(seed)  # noqa: S311 - no secret
        return cls(
            seed=seed,
            speedup=draw.choice(["max", "2000000", "600000"]),
            partitions=draw.randint(1, 5),
            processes=draw.randint(1, 3),
            disorder=draw.choice([0, 1, 30, 60]),
            is_forwarded=draw.random() < 0.7,
            kills=tuple(draw.random() for _ in range(draw.randint(0, 3))),
        )

    @property
    def options(self) -> list[str]:
        lateness = "store-and-forward" if self.is_forwarded else "none"
        return [
            *("--speedup", self.speedup, "--processes", str(self.processes)),
            *("--disorder", str(self.disorder), "--lateness", lateness, "--seed", str(self.seed)),
        ]


@dataclass(frozen=True)
class Ride:
    """A valid trip, by what the file says of it."""

    dropoff_ms: int
    is_flagged: bool


@dataclass(frozen=True)
class Rig:
    """A topic of the test's own and a replay into it that may be killed."""

    endpoints: Endpoints
    topic: str
    command: list[str]
    environment: dict[str, str]

    def killed_at(self, share: float) -> None:
        """Start, and kill -9 once so much of what was left stands on the topic, or when all of it does."""
        before = self._record_count()
        enough = before + share * (ROWS - before)
        process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.DEVNULL)
        wait_for(
            lambda: process.poll() is not None or self._record_count() >= enough,
            what="the records to be published",
            polling=Polling(0),
        )
        process.send_signal(signal.SIGKILL)
        process.wait()

    def completed(self) -> str:
        done = subprocess.run(self.command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _record_count(self) -> int:
        return record_count(self.endpoints.kafka_bootstrap_servers, self.topic)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def rides(cache: Path) -> dict[str, Ride]:
    source = prepared(real_month(MONTH), cache)
    columns = "trip_id, epoch_ms(dropoff_at), store_and_fwd_flag = 'Y', is_valid"
    return {
        trip_id: Ride(dropoff_ms, bool(is_flagged))
        for trip_id, dropoff_ms, is_flagged, is_valid in rows(source, columns)
        if is_valid
    }


def first_arrivals(partition: list[Record]) -> dict[str, int]:
    """When each trip came for the first time."""
    arrivals: dict[str, int] = {}
    for record in partition:
        if not record.is_marker:
            arrivals.setdefault(record.key.decode(), record.timestamp_ms)
    return arrivals


def is_late(dropoff_ms: int, arrived_ms: int) -> bool:
    """A trip's minute closes one minute after its end, on the publisher's event clock."""
    return floor_minute(dropoff_ms) + MINUTE_MS - 1 <= arrived_ms - MINUTE_MS


def assert_markers_tell_the_truth(partition: list[Record]) -> None:
    """No trip that comes for the first time behind a marker may be older than the marker says."""
    promised_ms, seen = 0, set()
    for record in partition:
        if record.is_marker:
            promised_ms = max(promised_ms, record.timestamp_ms)
        elif record.key not in seen:
            seen.add(record.key)
            assert record.timestamp_ms >= promised_ms


@pytest.mark.parametrize("seed", seeds())
def test_every_trip_arrives_and_exactly_those_sent_late_are_late(
    seed: int, stack: Endpoints, cache: Path, rides: dict[str, Ride], tmp_path: Path
) -> None:
    scenario = Scenario.of(seed)
    print(scenario)  # noqa: T201 - pytest shows it when the scenario fails
    topic = f"trips-{uuid4().hex[:8]}"
    own = {"TAXI_HOME": str(tmp_path), "TAXI_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    partitions = {"TRIPS_PARTITIONS": str(scenario.partitions)}
    command = [sys.executable, "-m", "producer", "replay", str(real_month(MONTH)), "--topic", topic]
    rig = Rig(
        stack, topic, command + scenario.options, os.environ | stack.as_environment() | own | partitions
    )
    for share in scenario.kills:
        rig.killed_at(share)
    rig.completed()

    records = all_records(stack.kafka_bootstrap_servers, topic)
    assert len(records) == scenario.partitions
    arrivals: dict[str, int] = {}
    for partition in records:
        stamps = [record.timestamp_ms for record in partition]
        assert stamps == sorted(stamps)
        assert partition[-1].is_marker
        assert_markers_tell_the_truth(partition)
        found = first_arrivals(partition)
        assert not arrivals.keys() & found.keys(), "a trip stands on two partitions"
        arrivals |= found
    assert len(arrivals) == ROWS
    late = {trip_id for trip_id, ride in rides.items() if is_late(ride.dropoff_ms, arrivals[trip_id])}
    assert late == {trip_id for trip_id, ride in rides.items() if scenario.is_forwarded and ride.is_flagged}
    assert "nothing to do" in rig.completed()
