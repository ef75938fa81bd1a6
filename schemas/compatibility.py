"""Compatibility of Avro contract versions, by Apache Avro's rules and without a registry."""

import json
import warnings
from collections.abc import Sequence
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.errors import AvroException, IgnoredLogicalType
from avro.schema import Schema
from avro.schema import parse as parse_schema

from schemas.trip import TripSchema


def incompatibilities(candidate: str, published: Sequence[TripSchema]) -> tuple[str, ...]:
    """Return why the schema breaks FULL_TRANSITIVE with these versions; empty when it does not.

    Both directions are checked: a new reader must read the data of any year, an old one must read today's.
    """
    try:
        new = _parsed(candidate)
    except (AvroException, json.JSONDecodeError) as error:
        return (f"it is not an Avro schema: {error}",)
    found = []
    for schema in published:
        found += _lost_fields(json.loads(candidate), schema)
        old = _parsed(schema.text)
        found += [f"the new schema cannot read data of v{schema.version}: {why}" for why in _faults(new, old)]
        found += [f"v{schema.version} cannot read data of the new schema: {why}" for why in _faults(old, new)]
    return tuple(found)


def _parsed(text: str) -> Schema:
    with warnings.catch_warnings():
        # This library does not know local timestamps; it compares them as the longs that are on the wire.
        warnings.simplefilter("ignore", IgnoredLogicalType)
        return parse_schema(text)


def _lost_fields(candidate: dict[str, Any], schema: TripSchema) -> list[str]:
    """Return fields that are gone or have another type.

    Avro accepts a renamed field or a new unit, and old values would be null or wrong.
    """
    fields = {field["name"]: field["type"] for field in candidate.get("fields", [])}
    gone = [field["name"] for field in schema.record["fields"] if fields.get(field["name"]) != field["type"]]
    return [f"field {name} of v{schema.version} was removed or has another type" for name in gone]


def _faults(reader: Schema, writer: Schema) -> list[str]:
    result = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)  # type: ignore[no-untyped-call]
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    return sorted(result.messages)
