"""What the columns of the contract are in the engines; one that no engine or no file knows is refused."""

import json
from datetime import date

import pytest

from schemas import standardisation
from schemas.processed import TRIPS
from schemas.standardisation import cast_columns_sql
from schemas.trip import TripSchema, all_versions, current
from schemas.trip_columns import ALLOWED_TEXTS, DATE_RANGES, TripColumn, columns_of, current_columns
from schemas.vintages import CONTRACT_COLUMNS

pytestmark = pytest.mark.unit

PARQUET_TYPES = {
    "uuid": "varchar",
    "string": "varchar",
    "date": "date",
    "local-timestamp-millis": "timestamp",
    "int": "integer",
    "double": "double",
    "long": "bigint",
}


@pytest.mark.parametrize("schema", all_versions(), ids=lambda schema: f"v{schema.version}")
def test_the_columns_are_the_fields_of_the_record(schema: TripSchema) -> None:
    assert tuple(column.name for column in columns_of(schema)) == schema.columns


def test_only_what_the_producer_gives_each_record_is_required() -> None:
    required = [column.name for column in current_columns() if column.is_required]
    assert required == ["trip_id", "taxi_type", "source_file", "source_month"]


def test_every_valid_trip_has_what_its_rules_and_its_record_demand() -> None:
    always = {column.name for column in current_columns() if column.is_in_every_valid_trip}
    assert always == {
        *("trip_id", "taxi_type", "source_file", "source_month"),
        *("pickup_at", "dropoff_at", "pickup_zone_id", "total_amount_cents"),
    }


def test_a_trip_of_any_month_that_the_tlc_has_published_can_be_stored() -> None:
    earliest, latest = DATE_RANGES["source_month"]
    assert (earliest, latest.year) == (date(2009, 1, 1), 2099)
    assert set(ALLOWED_TEXTS["taxi_type"]) == {"yellow", "green", "fhvhv"}


def test_two_records_of_a_trip_agree_in_what_identifies_it() -> None:
    identity = [column.name for column in current_columns() if column.identifies]
    assert identity == [
        *("trip_id", "taxi_type", "pickup_at", "dropoff_at", "pickup_zone_id", "dropoff_zone_id"),
        *("fare_amount_cents", "total_amount_cents"),
    ]


def test_the_history_stores_each_column_by_its_type() -> None:
    stored = {column.name: PARQUET_TYPES[column.avro_type] for column in current_columns()}
    del stored["taxi_type"]
    assert dict(TRIPS.columns) == stored | {"trip_duration_seconds": "integer"}


def test_every_column_of_a_file_is_one_of_the_contract_and_the_other_way_round() -> None:
    own = {"trip_id", "taxi_type", "source_file", "source_month"}
    assert {name.removesuffix("_cents") for name in current().columns if name not in own} == set(
        CONTRACT_COLUMNS
    )


def test_a_type_that_no_engine_stores_is_refused() -> None:
    record = current().record
    record["fields"].append({"name": "tip_share", "type": ["null", "float"], "default": None})
    with pytest.raises(ValueError, match="tip_share: the Avro type float has no SQL type"):
        columns_of(TripSchema(9, json.dumps(record)))


def test_a_column_that_no_file_is_known_to_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (*current_columns(), TripColumn("driver_pay_cents", "long", is_required=False))
    monkeypatch.setattr(standardisation, "current_columns", lambda: columns)
    with pytest.raises(
        ValueError, match="does not declare the TLC's name of driver_pay, which driver_pay_cents needs"
    ):
        cast_columns_sql()
