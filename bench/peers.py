"""Compare the job with other stream processors: the same topic and windows, one program after the other.

Each program reads the same trips in Avro from Kafka, keeps the valid ones and produces the sliding windows
of each pickup zone. Its rows must equal those of the oracle: in Postgres row for row; into nothing by their
number, their sums and a digest of every row. The programs run in processes of their own, with fresh JVMs. CPU
time is that of all these processes, and separately that of Kafka and of Postgres.
"""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench._expected_windows import EQUAL, ExpectedWindows
from bench._peer_run import Outcome, PeerRun, RunLimits
from bench._peers import PEERS, PEERS_TABLE, Peer
from bench._platform import database, service, taxi
from bench._processes import interrupt_on_termination
from bench.peer_programs.task import Task
from bench.produce import synthetic_month
from control_plane.sink.table_sets import drop
from producer.months import Naming
from schemas.errors import UserError
from schemas.topics import TOPIC_CONFIG
from schemas.trip import PROGRESS_MARKER_KEY
from stack.endpoints import Endpoints
from stack.toolchain.environments import BootstrapError, ensure_environment

NOTHING, POSTGRES = "nothing", "postgres"
PREFIX = "bench-peers"
BEYOND_EVERY_DELAY = timedelta(days=40)
OURS = "taxi-windows"
FEWEST_RECORDS_A_BATCH = 10_000
NO_SINK = "has no sink for Postgres of its own"
COLUMNS = (
    *("program", "into", "trips", "seconds", "trips/s", "CPU s/M", "steady", "start s", "Kafka", "Postgres"),
    *("delay", "windows"),
)
NAMES = tuple(peer.name for peer in PEERS)


@dataclass(frozen=True)
class BenchTopic:
    """The topic that every program reads."""

    name: str
    partitions: int
    trips: int
    writers_schema: str


def peers(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A TLC month; default: a generated one.", exists=True),
    ] = None,
    rows: Annotated[int, typer.Option(help="Trips of the generated month.", min=1)] = 1_000_000,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Run only this program; can be repeated. One of {', '.join(NAMES)}."),
    ] = None,
    into: Annotated[
        list[str] | None, typer.Option(help="nothing or postgres; can be repeated. Default: both.")
    ] = None,
    partitions: Annotated[
        int, typer.Option(help="Partitions of the topic; threads of most programs.", min=1)
    ] = 2,
    delay_hours: Annotated[
        float,
        typer.Option(help="How long windows of programs without a watermark by partition wait.", max=900),
    ] = 24.0,
    stalled_seconds: Annotated[
        int, typer.Option(help="End a program that makes no progress for so long.", min=5)
    ] = 120,
    longest_minutes: Annotated[float, typer.Option(help="End a program after so long.")] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run each program on one topic and compare rows, CPU time and speed."""
    chosen, sinks = chosen_peers(only or []), chosen_sinks(into or [])
    interrupt_on_termination()
    endpoints = Endpoints.of_running_stack()
    if endpoints.secrets:
        raise UserError("the other programs cannot log in to a secure stack", "start one with ./taxi up")
    month_file = file or synthetic_month(rows)
    limits = RunLimits(stalled_seconds, longest_minutes * 60)
    comparison = Comparison(endpoints, expected_windows(month_file), limits, round(delay_hours * 3600))
    outcomes: list[Outcome] = []
    try:
        with filled_topic(month_file, partitions, comparison.expected.last_end, endpoints) as topic:
            for peer, sink in product(chosen, sinks):
                outcomes.append(comparison.outcome(peer, sink, topic))
    finally:  # also what an interrupted comparison has measured
        if as_json:
            print(json.dumps([asdict(one) for one in outcomes], indent=2))  # noqa: T201 - data for programs
        else:
            print_tables(outcomes, chosen, month_file.name)


def expected_windows(file: Path) -> ExpectedWindows:
    """Return what every program has to produce from this month."""
    (month,) = Naming().month_files([file])
    return ExpectedWindows(file, month.taxi_type, month.tlc_month.text)


def chosen_peers(names: Sequence[str]) -> list[Peer]:
    """Return the programs with these names, all without names; raises BadParameter for an unknown one."""
    if unknown := set(names) - set(NAMES):
        raise typer.BadParameter(f"no program {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    return [peer for peer in PEERS if peer.name in (names or NAMES)]


def chosen_sinks(names: Sequence[str]) -> list[str]:
    """Return the sinks in a fixed order, both without names; raises BadParameter for an unknown one."""
    if unknown := set(names) - {NOTHING, POSTGRES}:
        raise typer.BadParameter(f"--into {', '.join(sorted(unknown))}; choose from {NOTHING}, {POSTGRES}")
    return [sink for sink in (NOTHING, POSTGRES) if not names or sink in names]


@contextmanager
def filled_topic(
    file: Path, partitions: int, last_window_end: datetime, endpoints: Endpoints
) -> Iterator[BenchTopic]:
    """Publish the month to a topic of its own; delete it afterwards, with the topics of the programs."""
    name = f"{PREFIX}-{time.time_ns()}"
    brokers = endpoints.kafka_bootstrap_servers
    admin = AdminClient({"bootstrap.servers": brokers})
    admin.create_topics([NewTopic(name, partitions, config=TOPIC_CONFIG)])[name].result()
    try:
        taxi("replay", str(file), "--topic", name, "--speedup", "max")
        trips = count_trips(brokers, name, partitions)
        close_every_window(brokers, name, partitions, last_window_end)
        yield BenchTopic(
            name, partitions, trips, writers_schema(brokers, name, endpoints.schema_registry_url)
        )
    finally:
        left = [topic for topic in admin.list_topics(timeout=30).topics if PREFIX in topic]
        for deletion in admin.delete_topics(left).values() if left else ():
            deletion.result()


def close_every_window(brokers: str, topic: str, partitions: int, last_window_end: datetime) -> None:
    """Send a last progress marker to each partition, later than any program's delay."""
    clock = min(last_window_end.replace(tzinfo=UTC) + BEYOND_EVERY_DELAY, datetime.now(UTC))
    producer = Producer({"bootstrap.servers": brokers})
    for partition in range(partitions):
        producer.produce(topic, None, PROGRESS_MARKER_KEY, partition, timestamp=int(clock.timestamp() * 1000))
    producer.flush()


def count_trips(brokers: str, topic: str, partitions: int) -> int:
    """Return the number of records with a value."""
    return sum(1 for value in values(brokers, topic, partitions) if value is not None)


def values(brokers: str, topic: str, partitions: int) -> Iterator[bytes | None]:
    """Yield the value of every record."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": PREFIX, "enable.auto.commit": False})
    try:
        places = [TopicPartition(topic, partition, 0) for partition in range(partitions)]
        left = sum(consumer.get_watermark_offsets(place)[1] for place in places)
        consumer.assign(places)
        while left:
            for message in consumer.consume(10_000, timeout=1):
                if not message.error():
                    left -= 1
                    yield message.value()
    finally:
        consumer.close()


def writers_schema(brokers: str, topic: str, registry: str) -> str:
    """Return the Avro schema of the first trip."""
    value = next(value for value in values(brokers, topic, 1) if value is not None)
    schema_id = int.from_bytes(value[1:5], "big")
    schema: str = httpx.get(f"{registry}/schemas/ids/{schema_id}").raise_for_status().json()["schema"]
    return schema


@dataclass(frozen=True)
class Comparison:
    """What the runs have in common."""

    endpoints: Endpoints
    expected: ExpectedWindows
    limits: RunLimits
    delay_seconds: int

    def outcome(self, peer: Peer, sink: str, topic: BenchTopic) -> Outcome:
        """Run a program and compare its rows."""
        if sink == POSTGRES and not peer.writes_to_postgres:
            return Outcome.left_out(peer.name, sink, NO_SINK)
        try:
            if peer.environment:
                ensure_environment(peer.environment)
        except BootstrapError as error:
            return Outcome.left_out(peer.name, sink, f"cannot be installed: {error}")
        task = self.task(peer, sink, topic)
        servers = {"kafka": service("kafka"), "postgres": database(self.endpoints.home)}
        run = PeerRun(peer, task, self.expected, topic.trips, self.limits)
        with table_of(peer, task):
            return run.outcome(self.endpoints, servers)

    def task(self, peer: Peer, sink: str, topic: BenchTopic) -> Task:
        """Return what the program has to do, with an empty folder for it."""
        folder = self.endpoints.home / "bench" / "peers" / f"{peer.name}-{sink}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return Task(
            brokers=self.endpoints.kafka_bootstrap_servers,
            registry=self.endpoints.schema_registry_url,
            topic=topic.name,
            partitions=topic.partitions,
            name=f"{topic.name}-{peer.name}-{sink}",
            folder=str(folder),
            writers_schema=topic.writers_schema,
            delay_seconds=self.delay_seconds if peer.delay_seconds is None else peer.delay_seconds,
            records_a_batch=max(FEWEST_RECORDS_A_BATCH, topic.trips // 10),
            dsn=self.endpoints.postgres_dsn if sink == POSTGRES else "",
            table=f"{PREFIX}_{peer.name}.{peer.table}".replace("-", "_"),
        )


@contextmanager
def table_of(peer: Peer, task: Task) -> Iterator[None]:
    """Create the table of a run into Postgres, and drop it."""
    if not task.dsn:
        yield
        return
    schema = task.table.partition(".")[0]
    drop(task.dsn, schema)
    if not peer.makes_own_tables:
        with psycopg.connect(task.dsn) as connection:
            connection.execute(f"create schema {schema}".encode())
            connection.execute(PEERS_TABLE.format(table=task.table).encode())
    try:
        yield
    finally:
        drop(task.dsn, schema)


def print_tables(outcomes: Sequence[Outcome], chosen: Sequence[Peer], title: str) -> None:
    """Print the settings, then a line for each run, then the ratios to our job."""
    console = Console(width=170)
    settings = Table("program", "settings", title="settings")
    for peer in chosen:
        settings.add_row(peer.name, escape(peer.settings))
    console.print(settings)
    table = Table(*COLUMNS, title=f"{title}: CPU seconds per million trips; start: CPU seconds in addition")
    for outcome in outcomes:
        table.add_row(*map(escape, outcome.cells()))
    console.print(table)
    for line in ratios(outcomes):
        console.print(line, highlight=False)


def ratios(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield how many times the CPU time of our windows each other program takes, into the same sink."""
    ours = {one.sink: one for one in outcomes if one.peer == OURS and one.trips}
    for other in outcomes:
        own = ours.get(other.sink)
        if own is None or other.peer == OURS or not other.trips:
            continue
        line = (
            f"{other.peer} into {other.sink}: {other.cpu_per_million / own.cpu_per_million:.2f} times {OURS}"
        )
        if other.steady_per_million and own.steady_per_million:
            line += f", {other.steady_per_million / own.steady_per_million:.2f} times in steady state"
        yield line if other.windows == EQUAL else f"{line}; its windows differ"
