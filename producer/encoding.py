"""Trips as Kafka carries them: registry framing, then Avro."""

import io
import json
from collections.abc import Sequence
from typing import Any

import fastavro
import pyarrow as pa

from producer.errors import UserError
from schemas.trip import TripSchema

SAMPLED_ROWS = 4
"""Rows of each batch that a second, independent encoder checks."""

_MAGIC = b"\x00"


class TripEncoder:
    """Encodes Arrow batches of trips, whose columns bear the names of the schema."""

    def __init__(self, schema: TripSchema, schema_id: int) -> None:
        self._fields = [(field["name"], _plain(field["type"])) for field in schema.record["fields"]]
        # The fast encoder does not know the logical types of clocks; plain types have the same bytes.
        fields = [{"name": name, "type": kind} for name, kind in self._fields]
        self._plain_schema = json.dumps({"type": "record", "name": "Trip", "fields": fields})
        self._parsed = fastavro.parse_schema(json.loads(schema.text))
        self._frame = _MAGIC + schema_id.to_bytes(4, "big")
        self._encode_fast = _fast_encoder()
        self.is_fast = self._encode_fast is not None

    def encode(self, batch: pa.RecordBatch) -> list[bytes]:
        """One framed record a row."""
        columns = batch.select([name for name, _ in self._fields])
        self._refuse_nulls(columns)
        if self._encode_fast is None:
            return self._encode_slowly(columns)
        records = self._encode_quickly(columns)
        if records[:SAMPLED_ROWS] != self._encode_slowly(columns.slice(0, SAMPLED_ROWS)):
            self._encode_fast, self.is_fast = None, False
            return self._encode_slowly(columns)
        return records

    def _refuse_nulls(self, columns: pa.RecordBatch) -> None:
        """The fast encoder would write zeros for them, in silence."""
        for name, kind in self._fields:
            if isinstance(kind, str) and columns.column(name).null_count:
                raise UserError(
                    f"a trip has no {name}, which the contract demands", "report this: it is a bug"
                )

    def _encode_quickly(self, columns: pa.RecordBatch) -> list[bytes]:
        arrays = [_as_plain(columns.column(name), kind) for name, kind in self._fields]
        plain = pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in self._fields])
        frame = self._frame
        assert self._encode_fast is not None  # noqa: S101 - for the type checker
        return [
            frame + body
            for part in self._encode_fast(plain, self._plain_schema, 1)
            for body in part.to_pylist()
        ]

    def _encode_slowly(self, columns: pa.RecordBatch) -> list[bytes]:
        return [self._encode_row(row) for row in columns.to_pylist()]

    def _encode_row(self, row: dict[str, Any]) -> bytes:
        buffer = io.BytesIO(self._frame)
        buffer.seek(len(self._frame))
        fastavro.schemaless_writer(buffer, self._parsed, row)
        return buffer.getvalue()


_PLAIN_ARROW_TYPES = {"string": pa.utf8(), "int": pa.int32(), "long": pa.int64(), "double": pa.float64()}


def _plain(avro_type: Any) -> str | Sequence[str]:
    """The Avro type without its logical meaning: `int`, or `["null", "int"]`."""
    if isinstance(avro_type, list):
        return [str(_plain(branch)) for branch in avro_type]
    return str(avro_type["type"] if isinstance(avro_type, dict) else avro_type)


def _as_plain(column: pa.Array, kind: str | Sequence[str]) -> pa.Array:
    plain = _PLAIN_ARROW_TYPES[kind if isinstance(kind, str) else kind[-1]]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ms"))
    return column.cast(plain)


def _fast_encoder() -> Any:
    try:
        from pyruhvro import serialize_record_batch  # noqa: PLC0415 - has no wheel for some machines
    except ImportError:
        return None
    return serialize_record_batch
