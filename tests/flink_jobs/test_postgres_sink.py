"""The connector `postgres-upsert` in a JVM that lives in the zone of the tests, New York."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest
from pyflink.common import Configuration
from pyflink.java_gateway import get_gateway
from pyflink.table import EnvironmentSettings, TableEnvironment
from pyflink.table.table_result import TableResult

from flink_jobs.zone_fares.settings import ZoneFaresSettings
from stack.endpoints import Endpoints
from stack.toolchain.jars import ensure
from stack.toolchain.java_build import ensure_formats_jar
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

TABLES = """
drop schema if exists sink_test cascade;
create schema sink_test;
create table sink_test.clocks (
    id integer primary key, at timestamp, day date, passengers integer check (passengers < 13), name text
);
create table sink_test.rides (ride uuid primary key, rules text[] not null, payload bytea);
create table sink_test.lengths (metres double precision primary key, name text);
create table sink_test.letters (like taxi_1.dead_letters including all);
"""
CLOCKS = (
    "id int, `at` timestamp(3), `day` date, passengers int, name string, primary key (id) not enforced",
    "sink_test.clocks",
)
RIDES = ("ride string, rules string, payload bytes, primary key (ride) not enforced", "sink_test.rides")
LENGTHS = ("metres double, name string, primary key (metres) not enforced", "sink_test.lengths")
TOLERANT = {"refused-rows.table-name": "sink_test.letters"}
BLINK = {"execution.runtime-mode": "STREAMING", "execution.checkpointing.interval": "100 ms"}
LATER = {"sink.buffer-flush.interval": "1 h"}
FAILED = "org.apache.flink"
COUNT = "select count(*) from sink_test.clocks"
RIDE = "0b0e7d0c-0000-4000-8000-00000000000{}"


class Sink:
    """Tables of Postgres, and one for the rows that they refuse."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._dsn = endpoints.postgres_dsn
        self._settings = ZoneFaresSettings(
            kafka_bootstrap_servers="unused:1", schema_registry_url="http://unused", postgres_dsn=self._dsn
        )
        self._batch = self.environment({"execution.runtime-mode": "BATCH"})

    def environment(self, options: dict[str, str], **sink_options: str) -> TableEnvironment:
        """Tables in a Flink with these options."""
        configuration = Configuration()
        jars = [*ensure("flink"), ensure_formats_jar()]
        configuration.set_string("pipeline.jars", ";".join(jar.as_uri() for jar in jars))
        configuration.set_string("parallelism.default", "1")
        configuration.set_string("pipeline.object-reuse", "true")
        for key, value in options.items():
            configuration.set_string(key, value)
        tables = TableEnvironment.create(
            EnvironmentSettings.new_instance().with_configuration(configuration).build()
        )
        options = {**self._settings.postgres_options, **sink_options}
        for name, (columns, table), more in (
            ("strict", CLOCKS, {}),
            ("tolerant", CLOCKS, TOLERANT),
            ("unhurried", CLOCKS, {**TOLERANT, **LATER}),
            ("rides", RIDES, TOLERANT),
            ("lengths", LENGTHS, TOLERANT),
        ):
            declared = {**options, "table-name": table, **more}
            listed = ", ".join(f"'{key}' = '{value}'" for key, value in declared.items())
            tables.execute_sql(f"create temporary table {name} ({columns}) with ({listed})")
        return tables

    def write(self, *values: str, sink: str = "tolerant") -> None:
        """Insert these rows, and wait until they are written."""
        self.insert(f"values {', '.join(values)}", sink=sink)

    def insert(self, query: str, *, sink: str = "tolerant") -> None:
        """Insert the rows of a query of Flink, and wait until they are written."""
        result: TableResult = self._batch.execute_sql(f"insert into {sink} {query}")
        result.wait()

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """What Postgres holds then."""
        with psycopg.connect(self._dsn) as connection:
            return connection.execute(text.encode()).fetchall()

    def execute(self, text: str) -> None:
        """Change what Postgres holds."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute(text.encode())

    def connect(self) -> psycopg.Connection:
        """Another session than that of the sink."""
        return psycopg.connect(self._dsn)


@pytest.fixture(scope="module")
def declared(stack: Endpoints) -> Sink:
    return Sink(stack)


@pytest.fixture
def sink(declared: Sink) -> Iterator[Sink]:
    declared.execute(TABLES)
    yield declared
    declared.execute("drop schema sink_test cascade")


def clock(number: int, passengers: int = 1, name: str = "'n'") -> str:
    """A row of the table of clocks."""
    return f"({number}, cast(null as timestamp(3)), cast(null as date), {passengers}, {name})"


def test_clocks_and_dates_that_the_zone_of_the_jvm_does_not_have_are_written_as_they_stand(
    sink: Sink,
) -> None:
    assert get_gateway().jvm.java.util.TimeZone.getDefault().getID() == "America/New_York"
    # Each year a night of New York has no hour from two to three.
    sink.write(
        "(1, timestamp '2024-03-10 02:10:01.5', date '2024-03-10', 1, 'gap'),"
        " (2, timestamp '2024-03-10 03:10:01.5', cast(null as date), 1, 'after'),"
        " (3, cast(null as timestamp(3)), date '2024-11-03', 1, 'none')"
    )
    assert sink.query("select id, at::text, day::text from sink_test.clocks order by id") == [
        (1, "2024-03-10 02:10:01.5", "2024-03-10"),
        (2, "2024-03-10 03:10:01.5", None),
        (3, None, "2024-11-03"),
    ]


def test_of_a_batch_only_the_rows_that_postgres_refuses_become_letters(sink: Sink) -> None:
    rows = [f"({row}, timestamp '2024-03-10 02:10:01', date '2024-03-10', {row}, 'n')" for row in range(16)]
    sink.write(*rows)
    assert sink.query("select count(*), max(id) from sink_test.clocks") == [(13, 12)]
    letters = sink.query("select topic, partition, error_class, error, payload from sink_test.letters")
    assert len(letters) == 3
    rows_kept = {json.loads(payload)["id"]: json.loads(payload) for *_, payload in letters}
    assert rows_kept["13"] == {
        "id": "13", "at": "2024-03-10T02:10:01", "day": "2024-03-10", "passengers": "13", "name": "n"
    }  # fmt: skip
    assert {(topic, error_class) for topic, _, error_class, _, _ in letters} == {
        ("clocks", "refused_by_sink")
    }
    assert all(error.startswith("23514 in clocks: ") and "passengers" in error for *_, error, _ in letters)


def test_a_row_that_fits_no_index_becomes_a_letter(sink: Sink) -> None:
    sink.execute("create index on sink_test.clocks (name)")
    # What Postgres cannot compress: 200 times another MD5.
    long = " || ".join(f"md5('{number}')" for number in range(200))
    sink.write(clock(1, name=long))
    ((error,),) = sink.query("select error from sink_test.letters")
    assert error.startswith("54000 in clocks: ")


def test_a_row_that_is_written_after_all_takes_its_letter_with_it(sink: Sink) -> None:
    refused = clock(1, 20)
    sink.write(refused)
    assert sink.query("select count(*) from sink_test.letters") == [(1,)]
    sink.execute("alter table sink_test.clocks drop constraint clocks_passengers_check")
    sink.write(refused)
    assert sink.query("select count(*) from sink_test.letters") == [(0,)]
    assert sink.query("select passengers from sink_test.clocks") == [(20,)]


@pytest.mark.parametrize(
    ("sink_name", "trouble"),
    [
        ("strict", "alter table sink_test.clocks add check (id <> 1)"),  # it was asked to tolerate nothing
        ("tolerant", "alter table sink_test.clocks rename to others"),  # 42P01: no fault of a row
    ],
)
def test_every_other_failure_still_fails_the_job(sink: Sink, sink_name: str, trouble: str) -> None:
    sink.execute(trouble)
    with pytest.raises(Exception, match=FAILED):
        sink.write(clock(1), sink=sink_name)
    assert sink.query("select count(*) from sink_test.letters") == [(0,)]


def test_of_the_rows_of_one_key_the_last_one_stays(sink: Sink) -> None:
    sink.write(*(clock(number % 3, name=f"'{number}'") for number in range(20)))
    rows = "select id, name from sink_test.clocks order by id"
    assert sink.query(rows) == [(0, "18"), (1, "19"), (2, "17")]
    sink.write(clock(1, name="'other'"), clock(1, name="'last'"))
    assert sink.query(rows) == [(0, "18"), (1, "last"), (2, "17")]


def test_two_keys_that_are_one_for_postgres_are_written_in_their_order(sink: Sink) -> None:
    sink.write("(0e0, 'zero'), (1e0, 'one'), (-1e0 * 0e0, 'negative zero'), (2e0, 'two')", sink="lengths")
    assert sink.query("select abs(metres), name from sink_test.lengths order by 1") == [
        (0.0, "negative zero"), (1.0, "one"), (2.0, "two")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("passengers", "stored", "letters"), [((1, 20), 1, 1), ((20, 2), 2, 0), ((20, 2, 30), 2, 1)]
)
def test_a_refused_row_and_a_good_one_of_the_same_key_are_dealt_with_in_their_order(
    sink: Sink, passengers: tuple[int, ...], stored: int, letters: int
) -> None:
    sink.write(*(clock(7, one) for one in passengers))
    assert sink.query("select passengers from sink_test.clocks") == [(stored,)]
    assert sink.query("select count(*) from sink_test.letters") == [(letters,)]


def test_a_text_with_the_character_zero_becomes_a_letter(sink: Sink) -> None:
    zero = "U&'a\\0000b'"
    sink.write(clock(1), clock(2, name=zero), clock(3, name="''"), clock(4, name="'漢🚕'"))
    assert sink.query("select id, name from sink_test.clocks order by id") == [(1, "n"), (3, ""), (4, "漢🚕")]
    ((error, payload),) = sink.query("select error, payload from sink_test.letters")
    assert error.startswith("22021 in clocks: ")
    assert json.loads(payload)["name"] == "a\ufffdb"


def test_a_text_that_is_no_uuid_or_no_array_becomes_a_letter_and_no_other_row_does(sink: Sink) -> None:
    good = '{good,"a, b"}'
    rows = [
        (RIDE.format(1), good),
        ("no uuid", good),
        (RIDE.format(2), "{half"),
        (RIDE.format(3).upper(), "{}"),
    ]
    sink.write(*(f"('{ride}', '{rules}', x'00ff')" for ride, rules in rows), sink="rides")
    assert sink.query("select ride::text, rules, payload from sink_test.rides order by ride") == [
        (RIDE.format(1), ["good", "a, b"], b"\x00\xff"), (RIDE.format(3), [], b"\x00\xff")
    ]  # fmt: skip
    letters = sink.query("select left(error, 5), payload from sink_test.letters")
    assert {(state, json.loads(payload)["ride"]) for state, payload in letters} == {
        ("22P02", "no uuid"), ("22P02", RIDE.format(2))
    }  # fmt: skip


def test_a_row_that_is_larger_than_a_page_is_stored_between_small_ones(sink: Sink) -> None:
    # 2 MB that Postgres cannot compress, after a first batch of rows that fit into a page.
    large = " || ".join(f"cast(md5('{number}') as string)" for number in range(300))
    small, payload = "'{}', x'00'", f"'{{}}', encode(repeat({large}, 200), 'utf-8')"
    values = [
        f"('{RIDE.format(1)}', {small})",
        f"('{RIDE.format(2)}', {payload})",
        f"('{RIDE.format(3)}', {small})",
    ]
    sink.write(*values, sink="rides")
    assert sink.query("select length(payload) from sink_test.rides order by ride") == [
        (1,),
        (1_920_000,),
        (1,),
    ]


@pytest.mark.long("waits for thousands of rows; the drills kill-postgres and postgres-away are alike")
def test_no_row_is_lost_when_sessions_end_in_mid_run(sink: Sink) -> None:
    tables = sink.environment(BLINK, **{"sink.buffer-flush.max-rows": "100", "sink.max-retries": "8"})
    tables.execute_sql(
        "create temporary table numbers (id int) with ('connector' = 'datagen', 'rows-per-second' = '5000',"
        " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '100000000')"
    )
    null = "cast(null as timestamp(3)), cast(null as date), 1, 'n'"
    result: TableResult = tables.execute_sql(f"insert into tolerant select id, {null} from numbers")
    client = result.get_job_client()
    assert client is not None
    # Sessions of a running zone_fares may be among them: they are opened again, too.
    ended = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'zone_fares'"
    try:
        for rows in (1_000, 5_000, 10_000):
            wait_for(partial(_holds_more_than, rows, sink), what="some rows")
            wait_for(lambda: sink.query(ended), what="a session to end")
        wait_for(partial(_holds_more_than, 15_000, sink), what="rows after the last of them")
    finally:
        client.cancel().result()
    ((stored, newest),) = sink.query("select count(*), max(id) from sink_test.clocks")
    assert stored == newest, "numbers are written in their order, so a lost one would be missing in between"


def _holds_more_than(rows: int, sink: Sink) -> bool:
    return sink.query(COUNT) > [(rows,)]


def test_a_deadlock_is_retried(sink: Sink) -> None:
    sink.write(*(clock(number) for number in range(10)))
    with sink.connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute("set deadlock_timeout = '1 h'")  # so that Postgres chooses the sink as the victim
        other.execute("update sink_test.clocks set passengers = 2 where id = 9")
        job = pool.submit(sink.write, *(clock(number, 3) for number in range(10)))
        wait_for(lambda: _waits_for_a_lock(sink), what="the sink, which has locked the other rows")
        other.execute("update sink_test.clocks set passengers = 2 where id = 0")
        other.commit()
        job.result()
    assert sink.query("select distinct passengers from sink_test.clocks") == [(3,)]


def _waits_for_a_lock(sink: Sink) -> bool:
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    return sink.query(f"{waiting} and application_name = 'zone_fares'") == [(1,)]


@pytest.mark.parametrize(
    ("sink_name", "options"),
    [("tolerant", {"execution.runtime-mode": "STREAMING"}), ("unhurried", BLINK)],
    ids=["after its time", "by a checkpoint"],
)
def test_a_row_that_no_other_follows_is_written(sink: Sink, sink_name: str, options: dict[str, str]) -> None:
    tables = sink.environment(options)
    tables.execute_sql(
        "create temporary table numbers (id int) with ('connector' = 'datagen', 'rows-per-second' = '1',"
        " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '1000000')"
    )
    null = "cast(null as timestamp(3)), cast(null as date), 1, 'n'"
    result: TableResult = tables.execute_sql(f"insert into {sink_name} select id, {null} from numbers")
    client = result.get_job_client()
    assert client is not None
    try:
        wait_for(partial(_holds_more_than, 0, sink), what="the first row")
    finally:
        client.cancel().result()


def test_a_table_without_a_key_and_a_type_without_a_counterpart_are_refused_by_the_planner(
    sink: Sink,
) -> None:
    tables = sink.environment({})
    options = ", ".join(f"'{key}' = '{value}'" for key, value in {"url": "u", "table-name": "t"}.items())
    for columns, reason in (
        ("id int", "has no primary key"),
        ("id map<int, int>, primary key (id) not enforced", "no column of Postgres takes MAP"),
        ("id timestamp(9), primary key (id) not enforced", "Postgres keeps microseconds"),
    ):
        tables.execute_sql(
            f"create table refused ({columns}) with ('connector' = 'postgres-upsert', {options})"
        )
        with pytest.raises(Exception, match=reason):
            tables.execute_sql("insert into refused select cast(null as int)").wait()
        tables.execute_sql("drop table refused")


@pytest.mark.parametrize("sink_name", ["strict", "tolerant"])
def test_rows_that_reach_the_buffer_in_one_object_are_written_each(sink: Sink, sink_name: str) -> None:
    # A selection fills one row again and again. The random number keeps the planner from computing it itself.
    sink.insert(
        "select id, `at`, cast(null as date), id + cast(floor(rand()) as int), name from"
        " (values (1, timestamp '2024-01-10 10:00:00', 'a'), (2, timestamp '2024-01-10 10:01:00', 'b'),"
        " (3, timestamp '2024-01-10 10:02:00', 'c')) as rows_of_one_object(id, `at`, name)",
        sink=sink_name,
    )
    assert sink.query("select id, at::text, passengers, name from sink_test.clocks order by id") == [
        (1, "2024-01-10 10:00:00", 1, "a"),
        (2, "2024-01-10 10:01:00", 2, "b"),
        (3, "2024-01-10 10:02:00", 3, "c"),
    ]
