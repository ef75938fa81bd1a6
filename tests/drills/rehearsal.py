"""Made-up months, and the records that a replay of them is made of: to be published in another way."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
from confluent_kafka import Producer

from schemas.topics import TRIPS_TOPIC
from stack.endpoints import Endpoints
from tests.oracle.oracle import Oracle
from tests.platform import Platform, producer_environment
from tests.producer.topics import Record, all_records

ROWS_A_MONTH = 60_000


@dataclass(frozen=True)
class SyntheticMonthFile:
    """Some days of a made-up green month, with those of its trips that are in no month."""

    file: Path
    name: str
    span_seconds: int

    @property
    def oracle(self) -> Oracle:
        """The rows that must be served of it."""
        return Oracle([self.file], "green", self.name)


@dataclass
class Rehearsals:
    """Months and their records by seed, made once a session."""

    endpoints: Endpoints
    folder: Path
    _records: dict[Path, list[list[Record]]] = field(default_factory=dict)

    def month(
        self,
        seed: int,
        *,
        name: str = "2024-12",
        days: tuple[int, int] = (10, 11),
        hot_zone: str = "",
        oddities: Sequence[tuple[str, str]] = (),
    ) -> SyntheticMonthFile:
        """The trips that end from the first to the last of these days, and some more with these clocks."""
        folder = self.folder / f"{name}-{seed}-{days[0]}-{days[1]}{hot_zone.replace(':', '-')}"
        file = folder / f"green_tripdata_{name}.parquet"
        if not file.exists():
            folder.mkdir()
            whole = folder / f"whole_{file.name}"
            _generate(whole, name, seed, hot_zone)
            is_kept = (
                f"lpep_dropoff_datetime is null or strftime(lpep_dropoff_datetime, '%Y-%m') <> '{name}'"
                f" or day(lpep_dropoff_datetime) between {days[0]} and {days[1]}"
            )
            kept = f"from '{whole}' where {is_kept}"
            more = [
                f" union all (select * replace (timestamp '{pickup_at}' as lpep_pickup_datetime,"
                f" timestamp '{dropoff_at}' as lpep_dropoff_datetime)"
                f" from '{whole}' where total_amount between 5 and 50 limit 1)"
                for pickup_at, dropoff_at in oddities
            ]
            duckdb.sql(f"copy ({kept}{''.join(more)}) to '{file}' (format parquet)")
            whole.unlink()
        return SyntheticMonthFile(file, name, (days[1] - days[0] + 1) * 86_400)

    def records(self, month: SyntheticMonthFile) -> list[list[Record]]:
        """What a replay of the month puts on each partition, in its order."""
        if month.file not in self._records:
            topic = f"rehearsal-{len(self._records)}"
            command = [sys.executable, "-m", "producer", "replay", str(month.file), "--topic", topic]
            subprocess.run(
                command, env=producer_environment(self.endpoints), check=True, capture_output=True, text=True
            )
            self._records[month.file] = all_records(self.endpoints.kafka_bootstrap_servers, topic)
        return self._records[month.file]


def publish(platform: Platform, records: Iterable[Record]) -> None:
    """Put records on the topic, each on its own partition and with its own timestamp."""
    producer = Producer({"bootstrap.servers": platform.endpoints.kafka_bootstrap_servers, "linger.ms": 20})
    for number, one in enumerate(records):
        producer.produce(TRIPS_TOPIC, one.value, one.key, one.partition, timestamp=one.timestamp_ms)
        if number % 1_000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


def in_order(partitions: Sequence[Sequence[Record]]) -> list[Record]:
    """All records as one stream, by their event clock; within a partition nothing changes places."""
    return sorted((one for partition in partitions for one in partition), key=lambda one: one.timestamp_ms)


def at(record: Record, timestamp_ms: int) -> Record:
    """The same record as it would have been published at another event clock."""
    return replace(record, timestamp_ms=timestamp_ms)


def _generate(file: Path, name: str, seed: int, hot_zone: str) -> None:
    options = ("--taxi-type", "green", "--month", name, "--rows", str(ROWS_A_MONTH), "--seed", str(seed))
    hot = ("--hot-zone", hot_zone) if hot_zone else ()
    command = [sys.executable, "-m", "producer", "generate", *options, *hot, "--to", str(file)]
    subprocess.run(command, check=True, capture_output=True, text=True)
