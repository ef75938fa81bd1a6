"""Avro, source.sql, the sinks and the Postgres tables name the same columns in the same order."""

import re

import pytest

from schemas import trip
from schemas.tlc_month import TAXI_TYPES
from schemas.trip_columns import LONGEST_TEXT, current_columns
from schemas.windows import ZONE_FARES
from tests.flink_jobs.sql_columns import (
    columns_of_ddl,
    columns_of_insert,
    ddl_tables,
    job_sql,
    postgres_ddl,
    types_of_ddl,
)

pytestmark = pytest.mark.unit

SINKS = sorted(ddl_tables(job_sql("sinks.sql")))
FLINK_TYPES = {
    "uuid": "string",
    "string": "string",
    "date": "date",
    "local-timestamp-millis": "timestamp(3)",
    "int": "int",
    "double": "double",
    "long": "bigint",
}


def postgres_table_of(sink: str) -> str:
    found = re.search(
        rf"{sink} \(.*?'table-name' = '\$\{{table_set\}}\.(\w+)'", job_sql("sinks.sql"), re.DOTALL
    )
    assert found, f"{sink} names no table"
    return found[1]


def test_the_source_decodes_every_field_of_the_current_avro_schema() -> None:
    declared = columns_of_ddl(job_sql("source.sql"), "trip_records")
    decoded = [column for column in declared if column in trip.current().columns]
    assert decoded == list(trip.current().columns)


def test_the_source_gives_each_field_the_type_that_its_avro_type_decodes_to() -> None:
    types = types_of_ddl(job_sql("source.sql"), "trip_records")
    assert {column.name: types[column.name] for column in current_columns()} == {
        column.name: FLINK_TYPES[column.avro_type] for column in current_columns()
    }


@pytest.mark.parametrize("sink", SINKS)
def test_each_sink_takes_the_trip_columns_in_the_types_of_the_source(sink: str) -> None:
    source = types_of_ddl(job_sql("source.sql"), "trip_records")
    taken = types_of_ddl(job_sql("sinks.sql"), sink)
    ours = [column for column in trip.current().columns if column in taken]
    assert {column: taken[column] for column in ours} == {column: source[column] for column in ours}


def test_the_format_demands_what_the_record_cannot_lack() -> None:
    options = job_sql("source.sql")
    assert "required-fields' = 'trip_id;taxi_type;source_file;source_month'" in options
    assert "uuid-fields' = 'trip_id'" in options


def test_the_format_bounds_what_a_record_may_bring() -> None:
    options = job_sql("source.sql")
    assert f"longest-text' = '{LONGEST_TEXT}'" in options
    assert f"allowed-values' = 'taxi_type:{'|'.join(TAXI_TYPES)}'" in options
    assert "date-ranges' = 'source_month:2009-01-01/2099-12-01'" in options


def test_every_text_that_is_stored_fits_an_index() -> None:
    bytes_a_character, most_of_an_entry = 4, 2704
    assert LONGEST_TEXT * bytes_a_character < most_of_an_entry


@pytest.mark.parametrize("sink", SINKS)
def test_no_row_that_a_table_refuses_can_stop_its_sink(sink: str) -> None:
    declared = re.search(rf"table {sink} \(.*?\) with \((.*?)\);", job_sql("sinks.sql"), re.DOTALL)
    assert declared
    assert "${refused_rows}" in declared[1]


def test_there_is_a_sink_for_every_table_that_the_job_fills() -> None:
    filled = {postgres_table_of(sink) for sink in SINKS}
    ours = {"late_fares_15m", "published_fares_15m", "publications", "published_quarantined_trips"}
    assert filled == set(ddl_tables(postgres_ddl())) - ours - {"replaced_trips"}


@pytest.mark.parametrize("sink", SINKS)
def test_each_sink_names_the_first_columns_of_its_table_in_their_order(sink: str) -> None:
    declared = columns_of_ddl(job_sql("sinks.sql"), sink)
    table = columns_of_ddl(postgres_ddl(), postgres_table_of(sink))
    assert declared == table[: len(declared)]


@pytest.mark.parametrize("sink", SINKS)
def test_each_insert_selects_the_columns_of_its_sink_in_their_order(sink: str) -> None:
    selected = columns_of_insert(job_sql("inserts.sql"), sink)
    declared = columns_of_ddl(job_sql("sinks.sql"), sink)
    assert [name_or(name, column) for name, column in zip(selected, declared, strict=True)] == declared


def name_or(expression: str, column: str) -> str:
    """The column that an expression is; what is no plain name may be any column."""
    is_name = re.fullmatch(r"[`\w]+", expression) and expression != "true"
    return expression.strip("`") if is_name else column


def test_the_start_of_a_window_is_computed_by_its_declared_length() -> None:
    lengths = set(re.findall(r"window_end - interval '(\d+) minutes'", postgres_ddl()))
    assert lengths == {str(int(ZONE_FARES.size.total_seconds() // 60))}


def test_the_trips_sink_is_the_avro_trip_in_the_same_order() -> None:
    assert columns_of_ddl(job_sql("sinks.sql"), "sink_trips") == [*trip.current().columns, "on_time"]


def test_a_late_arrival_has_its_address_and_every_column_of_the_trip() -> None:
    columns = columns_of_ddl(postgres_ddl(), "late_arrivals")
    address = ["topic", "partition", "kafka_offset", "arrived_at"]
    assert columns == [*address, *trip.current().columns]


def test_the_insert_into_the_dead_letters_topic_selects_its_columns_in_their_order() -> None:
    declared = columns_of_ddl(job_sql("dead_letters.sql"), "sink_dead_letters_topic")
    assert columns_of_insert(job_sql("inserts.sql"), "sink_dead_letters_topic") == declared
