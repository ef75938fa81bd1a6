"""The Avro contract: documented, compatible in both directions, and the same columns as the table."""

import io
import re
from datetime import date, datetime
from itertools import pairwise, permutations
from typing import Any

import fastavro
import pytest

from schemas.table_set import filled
from schemas.trip import TripSchema, all_versions, current, subject
from tests.oracle.real_months import REPOSITORY

pytestmark = pytest.mark.unit

VERSIONS = all_versions()
POSTGRES_TYPES = {
    "uuid": "uuid",
    "string": "text",
    "date": "date",
    "local-timestamp-millis": "timestamp",
    "int": "integer",
    "double": "double precision",
    "long": "bigint",
}


def named(schema: TripSchema) -> str:
    return f"v{schema.version}"


def physical(field: dict[str, Any]) -> str:
    """The Avro type without the null of an optional field: the logical type where there is one."""
    avro = field["type"]
    avro = next(branch for branch in avro if branch != "null") if isinstance(avro, list) else avro
    return str(avro["logicalType"] if isinstance(avro, dict) else avro)


def table_columns(table: str, file: str) -> dict[str, str]:
    """Column names and types of a `create table` in the DDL, in order."""
    ddl = filled(REPOSITORY / "schemas" / "postgres" / "table_set" / file)
    body = re.search(rf"create table if not exists {table} \((.*?)\n\)", ddl, re.DOTALL)
    assert body is not None, f"{file} does not create {table}"
    column = re.compile(r"^    (?!primary key)(\w+) (.*?)(?: not null)?,?$", re.MULTILINE)
    return dict(column.findall(body[1]))


def sample(schema: TripSchema) -> dict[str, Any]:
    """A record with a value in every field."""
    values: dict[str, Any] = {
        "uuid": "6f1c2f60-0000-4000-8000-000000000000",
        "string": "green",
        "date": date.fromisoformat("2024-01-01"),
        "local-timestamp-millis": datetime.fromisoformat("2024-01-10 12:00:00"),
        "int": 74,
        "double": 1.5,
        "long": 1234,
    }
    return {field["name"]: values[physical(field)] for field in schema.record["fields"]}


def passed_on(record: dict[str, Any], writer: TripSchema, reader: TripSchema) -> dict[str, Any]:
    """The record as written with one version and read with another."""
    wire = io.BytesIO()
    fastavro.schemaless_writer(wire, fastavro.parse_schema(writer.record), record)
    wire.seek(0)
    read = fastavro.schemaless_reader(
        wire, fastavro.parse_schema(writer.record), fastavro.parse_schema(reader.record)
    )
    assert isinstance(read, dict)
    return {name: str(value) if name == "trip_id" else value for name, value in read.items()}


def test_versions_are_counted_from_one_and_the_newest_is_current() -> None:
    assert [schema.version for schema in VERSIONS] == list(range(1, len(VERSIONS) + 1))
    assert current() == VERSIONS[-1]


def test_each_version_begins_with_a_later_month_than_the_one_before() -> None:
    months = [schema.first_month for schema in VERSIONS]
    assert months == sorted(set(months))


def test_the_congestion_fee_begins_with_2025() -> None:
    assert [schema.first_month.isoformat() for schema in VERSIONS[:2]] == ["2009-01-01", "2025-01-01"]
    added = set(VERSIONS[1].columns) - set(VERSIONS[0].columns)
    assert added == {"cbd_congestion_fee_cents"}


@pytest.mark.parametrize("schema", VERSIONS, ids=named)
def test_every_field_says_what_it_means(schema: TripSchema) -> None:
    assert schema.record["doc"].strip()
    assert [field["name"] for field in schema.record["fields"] if not field.get("doc", "").strip()] == []


@pytest.mark.parametrize("schema", VERSIONS, ids=named)
def test_every_optional_field_defaults_to_null(schema: TripSchema) -> None:
    optional = [field for field in schema.record["fields"] if isinstance(field["type"], list)]
    assert [
        field["name"] for field in optional if field["type"][0] != "null" or field["default"] is not None
    ] == []


@pytest.mark.parametrize(("writer", "reader"), list(permutations(VERSIONS, 2)), ids=named)
def test_each_version_reads_every_other(writer: TripSchema, reader: TripSchema) -> None:
    record = sample(writer)
    assert passed_on(record, writer, reader) == {column: record.get(column) for column in reader.columns}


@pytest.mark.parametrize(("older", "newer"), list(pairwise(VERSIONS)), ids=named)
def test_a_newer_version_only_adds_columns_at_the_end(older: TripSchema, newer: TripSchema) -> None:
    assert newer.columns[: len(older.columns)] == older.columns
    assert newer.record["fields"][: len(older.columns)] == older.record["fields"]


def test_the_trips_table_has_the_columns_of_the_record_in_its_order_and_what_counts_it() -> None:
    fields = current().record["fields"]
    counting = {"on_time": "boolean", "withdrawn_by": "bigint", "published_by": "bigint"}
    expected = {field["name"]: POSTGRES_TYPES[physical(field)] for field in fields} | counting
    assert list(table_columns("all_trips", "02_trips.sql").items()) == list(expected.items())


def test_the_columns_of_a_quarantined_arrival_are_columns_of_the_record() -> None:
    quarantined = table_columns("quarantined_arrivals", "03_arrivals.sql")
    own = {"topic", "partition", "kafka_offset", "arrived_at", "rules"}
    assert set(quarantined) - own <= set(current().columns)


def test_money_is_whole_cents() -> None:
    money = [
        field
        for field in current().record["fields"]
        if re.search("amount|fee|mta_tax|surcharge|extra", field["name"])
    ]
    assert {physical(field) for field in money} == {"long"}
    assert all(field["name"].endswith("_cents") for field in money)


def test_the_subject_of_a_topic_is_named_after_its_values() -> None:
    assert subject("trips") == "trips-value"
