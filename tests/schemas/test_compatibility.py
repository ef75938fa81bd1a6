"""The gate before a new version of the contract: good changes pass, others are refused by name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from schemas.compatibility import incompatibilities
from schemas.trip import TripSchema, all_versions, current

pytestmark = pytest.mark.unit

Fields = list[dict[str, Any]]


def changed(change: Callable[[Fields], object]) -> str:
    """The current schema with its fields changed."""
    record = current().record
    change(record["fields"])
    return json.dumps(record)


def zone(fields: Fields) -> dict[str, Any]:
    return next(field for field in fields if field["name"] == "pickup_zone_id")


@pytest.mark.parametrize("schema", all_versions(), ids=lambda schema: f"v{schema.version}")
def test_every_version_that_was_published_is_compatible_with_the_current_one(schema: TripSchema) -> None:
    assert incompatibilities(current().text, [schema]) == ()


def test_an_optional_field_may_be_added() -> None:
    tip = {"name": "driver_pay_cents", "type": ["null", "long"], "default": None}
    assert incompatibilities(changed(lambda fields: fields.append(tip)), all_versions()) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda fields: fields.append({"name": "driver", "type": "int"}), "cannot read data of v1: driver"),
        (lambda fields: fields.pop(0), "v1 cannot read data of the new schema: trip_id"),
        (lambda fields: fields.pop(), "field cbd_congestion_fee_cents of v2 was removed"),
        (lambda fields: zone(fields).update(name="pickup_zone"), "field pickup_zone_id of v1 was removed"),
        (
            lambda fields: zone(fields).update(type=["null", "string"]),
            "reader union lacking writer type: INT",
        ),
        (
            lambda fields: zone(fields).update(type="int"),
            "field pickup_zone_id of v1 was removed or has another type",
        ),
        (
            lambda fields: fields[5].update(
                type=["null", {"type": "long", "logicalType": "local-timestamp-micros"}]
            ),
            "field dropoff_at of v1 was removed or has another type",
        ),
    ],
    ids=[
        "a required field is added",
        "a required field is dropped",
        "an optional field is dropped",
        "a field is renamed",
        "a number becomes text",
        "an optional field becomes required",
        "a clock changes its unit",
    ],
)
def test_a_change_that_would_lose_values_is_refused(change: Callable[[Fields], object], reason: str) -> None:
    assert any(reason in found for found in incompatibilities(changed(change), all_versions()))


def test_what_is_no_schema_is_named() -> None:
    assert "not an Avro schema" in incompatibilities("{", all_versions())[0]
