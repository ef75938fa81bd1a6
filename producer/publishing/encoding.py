"""Encode trips for Kafka: registry framing, then Avro."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import fastavro
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import UserError
from schemas.trip import TripSchema

try:
    from pyruhvro import serialize_record_batch
except ImportError:  # it has no wheel for some machines
    serialize_record_batch = None

SAMPLED_ROWS = 4
"""Rows of each batch that a second, independent encoder checks."""

_MAGIC = b"\x00"

EncodedRecords = npt.NDArray[np.object_]
"""One framed record (bytes) per row."""


class VersionedEncoder:
    """An encoder that writes each trip with the version of the contract that its month used.

    A trip whose values an older version would lose is written with the version that carries them.
    """

    def __init__(self, schema_ids: Mapping[TripSchema, int], warn: Callable[[str], None]) -> None:
        self._versions = sorted(schema_ids, key=lambda schema: schema.version)
        self._encoders = {
            schema.version: TripEncoder(schema, schema_ids[schema], warn) for schema in self._versions
        }

    def encode(self, batch: pa.RecordBatch) -> EncodedRecords:
        """Return one framed record per row."""
        versions = versions_of(batch, self._versions)
        present = np.unique(versions)
        if len(present) == 1:
            return self._encoders[int(present[0])].encode(batch)
        records = np.empty(batch.num_rows, dtype=object)
        for version in present:
            is_chosen = versions == version
            records[is_chosen] = self._encoders[int(version)].encode(batch.filter(pa.array(is_chosen)))
        return records


def versions_of(batch: pa.RecordBatch, versions: Sequence[TripSchema]) -> npt.NDArray[np.int64]:
    """Return for each row the number of the version to write it with, of these from old to new."""
    chosen = np.full(batch.num_rows, versions[0].version)
    months = batch.column("source_month").cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
    for older, newer in pairwise(versions):
        is_needed = months >= (newer.first_month - date(1970, 1, 1)).days
        for column in newer.columns[len(older.columns) :]:
            is_needed |= batch.column(column).is_valid().to_numpy(zero_copy_only=False)
        chosen[is_needed] = newer.version
    return chosen


class TripEncoder:
    """An encoder for Arrow batches of trips whose columns have the schema's names."""

    def __init__(self, schema: TripSchema, schema_id: int, warn: Callable[[str], None]) -> None:
        self._fields = [(field["name"], _plain(field["type"])) for field in schema.record["fields"]]
        # The fast encoder does not support the logical types of timestamps; plain types have the same bytes.
        fields = [{"name": name, "type": kind} for name, kind in self._fields]
        self._plain_schema = json.dumps({"type": "record", "name": "Trip", "fields": fields})
        self._parsed = fastavro.parse_schema(json.loads(schema.text))
        self._frame = _MAGIC + schema_id.to_bytes(4, "big")
        self._warn = warn
        self._encode_fast = _fast_encoder()
        self.is_fast = self._encode_fast is not None

    def encode(self, batch: pa.RecordBatch) -> EncodedRecords:
        """Return one framed record per row."""
        columns = batch.select([name for name, _ in self._fields])
        self._refuse_nulls(columns)
        if self._encode_fast is None:
            return self._encode_slowly(columns)
        records = self._encode_quickly(columns)
        sample = np.unique(np.linspace(0, columns.num_rows - 1, SAMPLED_ROWS, dtype=np.int64))
        if not np.array_equal(records[sample], self._encode_slowly(columns.take(pa.array(sample)))):
            self._encode_fast, self.is_fast = None, False
            self._warn(
                "the fast Avro encoder and the reference encoder wrote different bytes;"
                " continuing with the reference encoder"
            )
            return self._encode_slowly(columns)
        return records

    def _refuse_nulls(self, columns: pa.RecordBatch) -> None:
        """Refuse nulls: the fast encoder would write zeros for them without an error."""
        for name, kind in self._fields:
            if isinstance(kind, str) and columns.column(name).null_count:
                raise UserError(
                    f"a trip has no {name}, which the contract requires", "this is a bug; please report it"
                )

    def _encode_quickly(self, columns: pa.RecordBatch) -> EncodedRecords:
        arrays = [_as_plain(columns.column(name), kind) for name, kind in self._fields]
        plain = pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in self._fields])
        assert self._encode_fast is not None  # noqa: S101 - for the type checker
        (bodies,) = self._encode_fast(plain, self._plain_schema, 1)
        # Framed in Arrow and converted to Python bytes once, in C: a loop over them takes four times as long.
        framed = pc.binary_join_element_wise(pa.scalar(self._frame), bodies, pa.scalar(b""))
        records: EncodedRecords = framed.to_numpy(zero_copy_only=False)
        return records

    def _encode_slowly(self, columns: pa.RecordBatch) -> EncodedRecords:
        # With an explicit type, numpy keeps the zeros that a record may end with.
        return np.array([self._encode_row(row) for row in columns.to_pylist()], dtype=object)

    def _encode_row(self, row: dict[str, Any]) -> bytes:
        buffer = io.BytesIO(self._frame)
        buffer.seek(len(self._frame))
        fastavro.schemaless_writer(buffer, self._parsed, row)
        return buffer.getvalue()


_PLAIN_ARROW_TYPES = {"string": pa.utf8(), "int": pa.int32(), "long": pa.int64(), "double": pa.float64()}


def _plain(avro_type: Any) -> str | Sequence[str]:
    """Return the Avro type without its logical type: `int`, or `["null", "int"]`."""
    if isinstance(avro_type, list):
        return [str(_plain(branch)) for branch in avro_type]
    return str(avro_type["type"] if isinstance(avro_type, dict) else avro_type)


def _as_plain(column: pa.Array, kind: str | Sequence[str]) -> pa.Array:
    plain = _PLAIN_ARROW_TYPES[kind if isinstance(kind, str) else kind[-1]]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ms"))
    return column.cast(plain)


def _fast_encoder() -> Any:
    return serialize_record_batch
