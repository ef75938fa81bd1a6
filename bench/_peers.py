"""List the programs that `./taxi bench peers` runs, with their settings, and how each is started."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench._flink_cluster import FlinkCluster
from bench._java import ensure_bench_jar, kafka_streams_jars
from bench._platform import ROOT
from bench._processes import started
from bench.peer_programs.task import Task
from control_plane.jobs.submission import BRIEF_JVM
from control_plane.sink.table_sets import TABLE_SET_FOLDER, set_up_unserved
from control_plane.spark import local_submit
from stack.endpoints import Endpoints
from stack.toolchain.environments import ensure_environment
from stack.toolchain.jars import ensure
from stack.toolchain.java import class_path, java, jvm_options
from stack.toolchain.java_build import ensure_formats_jar

JVM = ("-Xmx2g", "-XX:+UseG1GC")
OWN_DELAY_SECONDS = 60
"""Our job has a watermark for each partition, so that one that is read ahead makes no trip late."""

SPARK_SETTINGS = {
    "spark.sql.shuffle.partitions": "{partitions}",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    "spark.ui.enabled": "false",
}
OWN_WINDOWS = (
    "select pickup_zone_id, extract(epoch from window_end)::bigint / 60, trips, total_amount_cents"
    " from {schema}.on_time_fares_15m"
)
PEERS_WINDOWS = "select zone, minute, trips, cents from {table}"
PEERS_TABLE = """
create table {table} (
    zone bigint, minute bigint, trips bigint, cents bigint, window_start timestamp, window_end timestamp,
    primary key (zone, minute)
)
"""


@dataclass(frozen=True)
class RunningPeer:
    """The processes of a run, and the file to which it prints its sums."""

    processes: Sequence[psutil.Process]
    output: Path
    client: "subprocess.Popen[bytes] | None" = None
    """A program that submits the job and ends."""
    client_output: Path | None = None


Start = Callable[[Task, Endpoints], AbstractContextManager[RunningPeer]]


@dataclass(frozen=True)
class Peer:
    """One program, and its settings as the table of settings prints them."""

    name: str
    settings: str
    start: Start
    writes_to_postgres: bool = True
    delay_seconds: int | None = None
    """How long its windows wait for trips; by default as long as the benchmark's option says."""
    environment: str = ""
    """The Python environment that it needs in addition."""
    makes_own_tables: bool = False
    """Whether its table is the job's."""

    def rows_query(self, task: Task) -> str:
        """Return the query of its windows."""
        if self.makes_own_tables:
            return OWN_WINDOWS.format(schema=task.table.partition(".")[0])
        return PEERS_WINDOWS.format(table=task.table)

    @property
    def table(self) -> str:
        """Return the name of its table of windows."""
        return "on_time_fares_15m" if self.makes_own_tables else "windows"


@contextmanager
def _flink(task: Task, endpoints: Endpoints, arguments: Sequence[str] = ()) -> Iterator[RunningPeer]:
    folder = Path(task.folder)
    if task.dsn:
        set_up_unserved(task.dsn, task.table.partition(".")[0], TABLE_SET_FOLDER)
    cluster = FlinkCluster(folder, endpoints)
    jars = [*ensure("flink"), ensure_formats_jar(), ensure_bench_jar()]
    variables = {
        "JOB_NAME": task.name,
        "CONSUMER_GROUP": task.name,
        "TRIPS_TOPIC": task.topic,
        "DEAD_LETTERS_TOPIC": f"{task.topic}-dead-letters",
        "TABLE_SET": task.table.partition(".")[0],
        "FLINK_PARALLELISM": str(task.partitions),
        "FLINK_CONNECTOR_JARS": ":".join(map(str, jars)),
        "FLINK_RESTORE_FROM": "",
        "JVM_ARGS": BRIEF_JVM,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-P", "-m", "bench.peer_programs.with_flink", task.as_argument, *arguments]
    environment = {**cluster.client_environment(), **variables}
    with (
        cluster.running() as processes,
        started(command, environment, folder / "client.out", folder=ROOT) as client,
    ):
        members = [_process(one.pid) for one in (*processes, client)]
        yield RunningPeer(members, cluster.output, client, folder / "client.out")


@contextmanager
def _flink_windows(task: Task, endpoints: Endpoints) -> Iterator[RunningPeer]:
    with _flink(task, endpoints, ("windows",)) as running:
        yield running


@contextmanager
def _kafka_streams(task: Task, _endpoints: Endpoints) -> Iterator[RunningPeer]:
    jars = class_path([ensure_bench_jar(), *kafka_streams_jars()])
    logging = f"-Dlog4j2.configurationFile={(ROOT / 'bench' / 'kafka-streams-log4j2.properties').as_uri()}"
    arguments = [task.brokers, task.registry, task.topic, str(task.partitions), task.name]
    arguments += [task.folder, str(task.delay_seconds * 1000)]
    command = [java(), *JVM, *jvm_options(Path(task.folder)), logging]
    command += ["-cp", jars, "nyc.taxi.bench.KafkaStreamsWindows", *arguments]
    with _program(task, command, os.environ) as running:
        yield running


@contextmanager
def _spark(task: Task, _endpoints: Endpoints, arguments: Sequence[str] = ()) -> Iterator[RunningPeer]:
    settings = {name: value.format(partitions=task.partitions) for name, value in SPARK_SETTINGS.items()}
    options = [part for pair in settings.items() for part in ("--conf", "=".join(pair))]
    options += ["--master", f"local[{task.partitions}]", "--jars", ",".join(map(str, ensure("spark-kafka")))]
    program = str(ROOT / "bench" / "peer_programs" / "with_spark.py")
    command = local_submit.submit_command([*options, program, task.as_argument, *arguments])
    environment = {**os.environ, **local_submit.environment(Path(task.folder))}
    with _program(task, command, environment) as running:
        yield running


@contextmanager
def _spark_panes(task: Task, endpoints: Endpoints) -> Iterator[RunningPeer]:
    with _spark(task, endpoints, ("panes",)) as running:
        yield running


def _in_python(module: str) -> Start:
    """Return how a program of the environment `peers` is started."""

    @contextmanager
    def start(task: Task, _endpoints: Endpoints) -> Iterator[RunningPeer]:
        python = ensure_environment("peers") / "bin" / "python"
        # Quix Streams' and Pathway's services on the internet are not part of the comparison.
        environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(ROOT), "DO_NOT_TRACK": "1"}
        command = [str(python), "-P", "-m", f"bench.peer_programs.{module}", task.as_argument]
        with _program(task, command, environment) as running:
            yield running

    return start


@contextmanager
def _program(task: Task, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[RunningPeer]:
    output = Path(task.folder) / "output"
    with started(command, environment, output, folder=Path(task.folder)) as process:
        yield RunningPeer([_process(process.pid)], output)


def _process(pid: int) -> psutil.Process:
    return psutil.Process(pid)


TAXI_WINDOWS = Peer(
    "taxi-windows",
    "our job's decoding, rules, late split, deduplication and windows; no other output. Cluster as in the"
    " stack: object reuse, state on the heap, checkpoint every 5 s, exactly once inside",
    _flink_windows,
    delay_seconds=OWN_DELAY_SECONDS,
    makes_own_tables=True,
)
SPARK = Peer(
    "spark",
    "local[partitions], shuffle partitions = cores, RocksDB state with changelog checkpointing, append mode,"
    " a sliding window of 15 panes for each trip; rows by JDBC with reWriteBatchedInserts, 10,000 a batch",
    _spark,
)
KAFKA_STREAMS = Peer(
    "kafka-streams",
    "one thread, which takes the partitions in turn, in-memory stores with changelog, cache 256 MB, commit"
    " every 30 s, suppress until a window closes with an unbounded buffer, lz4 and 100 ms linger; -Xmx2g",
    _kafka_streams,
    writes_to_postgres=False,
)
PEERS: Sequence[Peer] = (
    Peer(
        "taxi",
        "our whole job: also every trip, quarantine, late trips, dead letters, ledger; cluster as for"
        " taxi-windows",
        _flink,
        delay_seconds=OWN_DELAY_SECONDS,
        makes_own_tables=True,
    ),
    TAXI_WINDOWS,
    SPARK,
    replace(
        SPARK,
        name="spark-panes",
        settings="as spark, with chained windows: sums of a minute, then of fifteen minutes",
        start=_spark_panes,
    ),
    KAFKA_STREAMS,
    replace(
        KAFKA_STREAMS,
        name="kafka-streams-tight",
        settings="as kafka-streams with our job's delay: loses what one partition is read behind the other",
        delay_seconds=OWN_DELAY_SECONDS,
    ),
    Peer(
        "quixstreams",
        "one process, RocksDB with changelog, checkpoint every 5 s, final windows closed by partition; upsert"
        " by its PostgreSQLSink",
        _in_python("with_quixstreams"),
        environment="peers",
    ),
    Peer(
        "bytewax",
        "one worker, batches of 1,000, fold_window unordered; to the end of the topic, which"
        " closes all windows",
        _in_python("with_bytewax"),
        writes_to_postgres=False,
        environment="peers",
    ),
    Peer(
        "pathway",
        "streaming mode, commit every second, windows forgotten after the delay, results replaced as trips"
        " arrive; snapshot table, 10,000 rows a batch",
        _in_python("with_pathway"),
        environment="peers",
    ),
)
