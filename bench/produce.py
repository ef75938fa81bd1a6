"""Measure how fast trips are published, compared with other publishers: same broker, settings, record size.

* ours: the whole path from the prepared month: read, encode, frame, partition, publish with progress markers
* AvroSerializer: confluent-kafka's own, on dictionaries that are in memory already
* ProducerPerformance: Kafka's own tool, which sends one ready-made record again and again

All with acks=all and idempotence. Each writes a topic of its own, which is deleted afterwards.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Annotated, Any

import typer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from rich.console import Console
from rich.table import Table

from bench._platform import cpu_seconds, service, taxi
from producer.months import Naming
from producer.publishing.encoding import VersionedEncoder
from producer.publishing.partitioning import partitions_of
from producer.publishing.publisher import DELIVERY
from producer.reading.preparation import MonthPreparer
from producer.reading.prepared import Prepared, batches
from producer.settings import ProducerSettings
from schemas import trip
from schemas.topics import TOPIC_CONFIG
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java

KEY_BYTES = 36
SERIALIZED_TRIPS = 300_000
"""The trips that AvroSerializer sends: all of them would take minutes."""

COLUMNS = ("publisher", "trips", "seconds", "trips/s", "MB/s", "CPU", "broker")


@dataclass(frozen=True)
class Figures:
    """The results of a publisher; CPU seconds of the client's and of the broker's process."""

    name: str
    trips: int
    seconds: float
    client_cpu: float
    broker_cpu: float

    @property
    def rate(self) -> float:
        """Return trips per second."""
        return self.trips / self.seconds


Run = Callable[[str], tuple[int, float]]
"""Publishes to a topic; returns the number of trips and the seconds taken."""


def produce(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A TLC month; default: a generated one.", exists=True),
    ] = None,
    rows: Annotated[int, typer.Option(help="Trips of the generated month.", min=1)] = 10_000_000,
    processes: Annotated[int, typer.Option(help="Processes of our producer.", min=1)] = 1,
    partitions: Annotated[int, typer.Option(help="Partitions of each topic.", min=1)] = 2,
) -> None:
    """Publish a month with three producers and compare."""
    settings = ProducerSettings.from_environment()
    source = prepared(file or synthetic_month(rows), settings)
    record_bytes = mean_record_bytes(source)
    publishers: dict[str, Run] = {
        f"ours × {processes}": lambda topic: our_producer(source, topic, processes),
        "AvroSerializer": lambda topic: avro_serializer(source, topic, settings),
        "ProducerPerformance": lambda topic: producer_performance(source, topic, record_bytes, settings),
    }
    figures = [measured(name, run, partitions, settings) for name, run in publishers.items()]
    print_table(figures, record_bytes, source)


@dataclass(frozen=True)
class BenchMonth:
    """A month in event order, and its source file."""

    file: Path
    prepared: Prepared
    trips: int


def synthetic_month(rows: int) -> Path:
    """Generate a month of yellow trips once, and keep it in the cache."""
    file = (
        ProducerSettings.from_environment().taxi_cache_dir
        / "synthetic"
        / f"yellow_tripdata_2024-01.{rows}.parquet"
    )
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        options = ("--taxi-type", "yellow", "--month", "2024-01", "--rows", str(rows), "--seed", "1")
        taxi("generate", *options, "--to", str(file))
    return file


def prepared(file: Path, settings: ProducerSettings) -> BenchMonth:
    """Prepare the month first, because sorting is not what is measured."""
    print(taxi("replay", str(file), "--dry-run").splitlines()[-1])  # noqa: T201 - what is published
    found = MonthPreparer.of(settings, lambda _title, _percent: None, print).prepare(
        Naming().month_files([file])
    )
    trips = sum(batch.num_rows for batch in batches(found.path, 0, sys.maxsize))
    return BenchMonth(file, found, trips)


def mean_record_bytes(source: BenchMonth) -> int:
    """Return the mean size of key plus value."""
    encoder = VersionedEncoder({schema: schema.version for schema in trip.all_versions()}, print)
    batch = next(batches(source.prepared.path, 0, 10_000))
    value_bytes = sum(map(len, encoder.encode(batch).tolist()))
    return KEY_BYTES + round(value_bytes / int(batch.num_rows))


def measured(name: str, run: Run, partitions: int, settings: ProducerSettings) -> Figures:
    """Run the publisher on a topic of its own."""
    broker = service("kafka")
    with own_topic(name, partitions, settings) as topic:
        client_before, broker_before = client_cpu(), cpu_seconds(broker)
        trips, seconds = run(topic)
        return Figures(
            name, trips, seconds, client_cpu() - client_before, cpu_seconds(broker) - broker_before
        )


def client_cpu() -> float:
    """Return CPU seconds of this process and of its child processes that have ended."""
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@contextmanager
def own_topic(name: str, partitions: int, settings: ProducerSettings) -> Iterator[str]:
    """Create a topic, and delete it afterwards."""
    topic = f"bench-{re.sub(r'[^a-z]', '-', name.lower())}-{time.time_ns()}"
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    admin.create_topics([NewTopic(topic, partitions, config=TOPIC_CONFIG)])[topic].result()
    try:
        yield topic
    finally:
        admin.delete_topics([topic])[topic].result()


def our_producer(source: BenchMonth, topic: str, processes: int) -> tuple[int, float]:
    """Run the replay at full speed."""
    last_line = taxi(
        "replay", str(source.file), "--topic", topic, "--processes", str(processes)
    ).splitlines()[-1]
    found = re.search(r"replayed ([\d,]+) trips in ([\d.]+) s", last_line)
    if not found:
        sys.exit(f"error: the replay did not print its speed: {last_line}")
    return int(found[1].replace(",", "")), float(found[2])


def avro_serializer(source: BenchMonth, topic: str, settings: ProducerSettings) -> tuple[int, float]:
    """Publish as confluent-kafka's documentation shows."""
    registry = SchemaRegistryClient({"url": settings.schema_registry_url})
    serialize = AvroSerializer(registry, trip.current().text)
    context = SerializationContext(topic, MessageField.VALUE)
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "log_level": 0, **DELIVERY})
    partition_count = len(producer.list_topics(topic).topics[topic].partitions)
    trips, seconds = 0, 0.0
    for batch in batches(source.prepared.path, 0, min(source.trips, SERIALIZED_TRIPS)):
        partitions = partitions_of(batch.column("trip_id"), partition_count)
        rows = batch.select(list(trip.current().columns)).to_pylist()
        began = time.monotonic()
        for row, partition in zip(rows, partitions.tolist(), strict=True):
            send(producer, topic, serialize(row, context), row["trip_id"], partition)
        seconds += time.monotonic() - began
        trips += len(rows)
    began = time.monotonic()
    producer.flush()
    return trips, seconds + time.monotonic() - began


def send(producer: Any, topic: str, value: bytes | None, key: str, partition: int) -> None:
    """Queue a record; waits while the queue is full."""
    while True:
        try:
            producer.produce(topic, value, key, partition)
        except BufferError:
            producer.poll(0.05)
        else:
            return


def producer_performance(
    source: BenchMonth, topic: str, record_bytes: int, settings: ProducerSettings
) -> tuple[int, float]:
    """Run Kafka's own tool with our delivery settings."""
    properties = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "acks": DELIVERY["acks"],
        "enable.idempotence": "true",
        "compression.type": DELIVERY["compression.type"],
        "linger.ms": DELIVERY["linger.ms"],
        "batch.size": DELIVERY["batch.size"],
        "buffer.memory": settings.in_flight_megabytes << 20,
    }
    jars = class_path([*ensure("kafka-tools"), *ensure("kafka")])
    sizes = ["--num-records", str(source.trips), "--record-size", str(record_bytes), "--throughput", "-1"]
    command = [java(), "-cp", jars, "org.apache.kafka.tools.ProducerPerformance", "--topic", topic, *sizes]
    command += ["--producer-props", *(f"{name}={value}" for name, value in properties.items())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(r"(\d+) records sent, ([\d.]+) records/sec", done.stdout)
    if done.returncode or not found:
        sys.exit(f"error: ProducerPerformance failed: {done.stderr.strip().splitlines()[-1:]}")
    records, rate = found[-1]
    return int(records), int(records) / float(rate)


def print_table(figures: list[Figures], record_bytes: int, source: BenchMonth) -> None:
    """Print one line per publisher, then the comparison with ours."""
    table = Table(
        *COLUMNS, title=f"{source.file.name}: {record_bytes} bytes per record, acks=all; CPU in µs per trip"
    )
    for one in figures:
        cpu = (f"{value / one.trips * 1e6:.2f}" for value in (one.client_cpu, one.broker_cpu))
        megabytes = one.rate * record_bytes / 1e6
        table.add_row(
            one.name, f"{one.trips:,}", f"{one.seconds:.1f}", f"{one.rate:,.0f}", f"{megabytes:.0f}", *cpu
        )
    Console().print(table)
    first, *others = figures
    for other in others:
        print(f"{first.name}: {first.rate / other.rate:.2f} times {other.name}")  # noqa: T201 - the answer
