"""Avro, source.sql, the sinks and the Postgres tables name the same columns in the same order."""

import re

import pytest

from schemas import trip
from tests.flink_jobs.sql_columns import columns_of_ddl, columns_of_insert, ddl_tables, job_sql, postgres_ddl

pytestmark = pytest.mark.unit

SINKS = sorted(ddl_tables(job_sql("sinks.sql")))


def postgres_table_of(sink: str) -> str:
    found = re.search(rf"{sink} \(.*?'table-name' = 'taxi\.(\w+)'", job_sql("sinks.sql"), re.DOTALL)
    assert found, f"{sink} names no table"
    return found[1]


def test_the_source_decodes_every_field_of_the_current_avro_schema() -> None:
    declared = columns_of_ddl(job_sql("source.sql"), "trip_records")
    decoded = [column for column in declared if column in trip.current().columns]
    assert decoded == list(trip.current().columns)


def test_there_is_a_sink_for_every_table_that_the_job_fills() -> None:
    filled = {postgres_table_of(sink) for sink in SINKS}
    assert filled == set(ddl_tables(postgres_ddl())) - {"zones"}


@pytest.mark.parametrize("sink", SINKS)
def test_each_sink_names_the_first_columns_of_its_table_in_their_order(sink: str) -> None:
    declared = columns_of_ddl(job_sql("sinks.sql"), sink)
    table = columns_of_ddl(postgres_ddl(), postgres_table_of(sink))
    assert declared == table[: len(declared)]


@pytest.mark.parametrize("sink", SINKS)
def test_each_insert_selects_the_columns_of_its_sink_in_their_order(sink: str) -> None:
    selected = columns_of_insert(job_sql("inserts.sql"), sink)
    declared = columns_of_ddl(job_sql("sinks.sql"), sink)
    plain = [name.strip("`") if re.fullmatch(r"[`\w]+", name) else None for name in selected]
    assert [name or column for name, column in zip(plain, declared, strict=True)] == declared


def test_the_trips_sink_is_the_avro_trip_in_the_same_order() -> None:
    assert columns_of_ddl(job_sql("sinks.sql"), "sink_trips") == list(trip.current().columns)
