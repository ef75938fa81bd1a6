"""The connector `postgres-upsert` in a JVM that lives in the zone of the tests, New York."""

import json
from collections.abc import Iterator
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

pytestmark = pytest.mark.integration

TABLES = """
drop schema if exists sink_test cascade;
create schema sink_test;
create table sink_test.clocks (
    id integer primary key, at timestamp, day date, passengers integer check (passengers < 13), name text
);
create table sink_test.letters (like taxi_1.dead_letters including all);
"""
CLOCKS = """
create temporary table {name} (
    id int, `at` timestamp(3), `day` date, passengers int, name string, primary key (id) not enforced
) with ({options})
"""
FAILED = "org.apache.flink"


class Sink:
    """A table of Postgres and one for the rows that it refuses."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._dsn = endpoints.postgres_dsn
        settings = ZoneFaresSettings(
            kafka_bootstrap_servers="unused:1", schema_registry_url="http://unused", postgres_dsn=self._dsn
        )
        options = {**settings.postgres_options, "table-name": "sink_test.clocks"}
        self._tables = TableEnvironment.create(
            EnvironmentSettings.new_instance().in_batch_mode().with_configuration(_configuration()).build()
        )
        self._declare("strict", options)
        self._declare("tolerant", {**options, "refused-rows.table-name": "sink_test.letters"})

    def write(self, values: str, *, sink: str = "tolerant") -> None:
        """Insert these rows, and wait until they are written."""
        result: TableResult = self._tables.execute_sql(f"insert into {sink} values {values}")
        result.wait()

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """What Postgres holds then."""
        with psycopg.connect(self._dsn) as connection:
            return connection.execute(text.encode()).fetchall()

    def execute(self, text: str) -> None:
        """Change what Postgres holds."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute(text.encode())

    def _declare(self, name: str, options: dict[str, str]) -> None:
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
        self._tables.execute_sql(CLOCKS.format(name=name, options=listed))


def _configuration() -> Configuration:
    configuration = Configuration()
    jars = [*ensure("flink"), ensure_formats_jar()]
    configuration.set_string("pipeline.jars", ";".join(jar.as_uri() for jar in jars))
    configuration.set_string("parallelism.default", "1")
    return configuration


@pytest.fixture(scope="module")
def declared(stack: Endpoints) -> Sink:
    return Sink(stack)


@pytest.fixture
def sink(declared: Sink) -> Iterator[Sink]:
    declared.execute(TABLES)
    yield declared
    declared.execute("drop schema sink_test cascade")


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
    sink.write(", ".join(rows))
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
    sink.write(f"(1, cast(null as timestamp(3)), cast(null as date), 1, {long})")
    ((error,),) = sink.query("select error from sink_test.letters")
    assert error.startswith("54000 in clocks: ")


def test_a_row_that_is_written_after_all_takes_its_letter_with_it(sink: Sink) -> None:
    refused = "(1, cast(null as timestamp(3)), cast(null as date), 20, 'n')"
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
        sink.write("(1, cast(null as timestamp(3)), cast(null as date), 1, 'n')", sink=sink_name)
    assert sink.query("select count(*) from sink_test.letters") == [(0,)]
