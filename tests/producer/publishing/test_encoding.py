"""The fast encoder writes the very bytes of the reference encoder."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.publishing.encoding import TripEncoder, VersionedEncoder
from producer.reading.prepared import batches
from schemas import trip
from schemas.errors import UserError
from tests.oracle.real_months import real_month
from tests.producer.months import prepared

pytestmark = pytest.mark.unit

SCHEMA_ID = 77
FRAME = b"\x00\x00\x00\x00\x4d"

ARROW_TYPES = {
    "uuid": pa.utf8(),
    "date": pa.date32(),
    "local-timestamp-millis": pa.timestamp("us"),
    "string": pa.utf8(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids().map(str),
    "date": st.dates(),
    "local-timestamp-millis": st.datetimes().map(lambda instant: instant.replace(microsecond=0)),
    "string": st.text(max_size=5),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(),
}


def unexpected(warning: str) -> None:
    pytest.fail(warning)


def kinds(schema: trip.TripSchema) -> dict[str, tuple[str, bool]]:
    """Logical or plain type of each field, and whether it may be null."""
    found = {}
    for field in schema.record["fields"]:
        is_nullable = isinstance(field["type"], list)
        kind = field["type"][-1] if is_nullable else field["type"]
        found[field["name"]] = (kind["logicalType"] if isinstance(kind, dict) else kind, is_nullable)
    return found


def trips(schema: trip.TripSchema) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            name: st.none() | VALUES[kind] if is_nullable else VALUES[kind]
            for name, (kind, is_nullable) in kinds(schema).items()
        }
    )


def batch_of(schema: trip.TripSchema, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    arrays = [
        pa.array([row[name] for row in rows], ARROW_TYPES[kind]) for name, (kind, _) in kinds(schema).items()
    ]
    return pa.record_batch(arrays, names=list(schema.columns))


def reference(schema: trip.TripSchema, row: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema.record), row)
    return FRAME + buffer.getvalue()


@pytest.mark.parametrize("schema", trip.all_versions(), ids=lambda schema: f"v{schema.version}")
@given(data=st.data())
def test_any_trip_is_encoded_as_the_reference_does(schema: trip.TripSchema, data: st.DataObject) -> None:
    rows = data.draw(st.lists(trips(schema), min_size=1, max_size=8))
    encoder = TripEncoder(schema, SCHEMA_ID, unexpected)
    assert encoder.encode(batch_of(schema, rows)).tolist() == [reference(schema, row) for row in rows]
    assert encoder.is_fast


def test_real_trips_are_encoded_as_the_reference_does(tmp_path: Path) -> None:
    source = prepared(real_month("green_tripdata_2023-12.parquet"), tmp_path)
    batch = next(batches(source.path, 60_000, 64_215))
    schema = trip.current()
    rows = batch.select(list(schema.columns)).to_pylist()
    encoded = TripEncoder(schema, SCHEMA_ID, unexpected).encode(batch)
    assert encoded[::100].tolist() == [reference(schema, row) for row in rows[::100]]


def test_a_fast_encoder_that_lies_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = trip.current()
    batch = batch_of(schema, [_example(schema)])
    honest = TripEncoder(schema, SCHEMA_ID, unexpected).encode(batch).tolist()
    monkeypatch.setattr("producer.publishing.encoding._fast_encoder", lambda: lambda *_: [pa.array([b"lie"])])
    warnings: list[str] = []
    encoder = TripEncoder(schema, SCHEMA_ID, warnings.append)
    assert encoder.encode(batch).tolist() == honest
    assert not encoder.is_fast
    assert len(warnings) == 1


def test_a_null_where_the_contract_wants_a_value_is_refused() -> None:
    schema = trip.current()
    with pytest.raises(UserError, match="taxi_type"):
        TripEncoder(schema, SCHEMA_ID, unexpected).encode(
            batch_of(schema, [_example(schema) | {"taxi_type": None}])
        )


@given(data=st.data())
def test_each_trip_is_written_with_the_version_of_its_month(data: st.DataObject) -> None:
    old, new = trip.all_versions()
    rows = data.draw(st.lists(trips(new), min_size=1, max_size=8))
    encoder = VersionedEncoder({old: SCHEMA_ID, new: SCHEMA_ID + 1}, unexpected)
    framed = encoder.encode(batch_of(new, rows)).tolist()
    for record, row in zip(framed, rows, strict=True):
        is_new = row["source_month"] >= date(2025, 1, 1) or row["cbd_congestion_fee_cents"] is not None
        schema = new if is_new else old
        assert int.from_bytes(record[1:5], "big") == SCHEMA_ID + is_new
        assert record[5:] == reference(schema, {name: row[name] for name in schema.columns})[5:]


def _example(schema: trip.TripSchema) -> dict[str, Any]:
    examples = {"uuid": "00000000-0000-0000-0000-000000000001", "date": 18_322, "string": "green"}
    return {
        name: examples.get(kind) if not nullable else None for name, (kind, nullable) in kinds(schema).items()
    }
