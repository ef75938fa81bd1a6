"""The Avro schema of what the windows need of a trip."""

from typing import Any

READERS_SCHEMA = {
    "type": "record",
    "name": "Trip",
    "namespace": "nyc.taxi",
    "fields": [
        {"name": "source_month", "type": "int"},
        {"name": "pickup_at", "type": ["null", "long"], "default": None},
        {"name": "dropoff_at", "type": ["null", "long"], "default": None},
        {"name": "pickup_zone_id", "type": ["null", "int"], "default": None},
        {"name": "total_amount_cents", "type": ["null", "long"], "default": None},
    ],
}
"""Plain numbers: logical types would make objects of them."""


def without_logical_types(schema: Any) -> Any:
    """Return the schema with the numbers themselves in place of dates and times."""
    if isinstance(schema, dict):
        return {name: without_logical_types(part) for name, part in schema.items() if name != "logicalType"}
    return [without_logical_types(part) for part in schema] if isinstance(schema, list) else schema
