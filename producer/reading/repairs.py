"""Copy a Parquet month that DuckDB refuses to read, with the same rows."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_IN_A_BATCH = 65_536


def with_valid_text(parquet: Path, target: Path) -> Path:
    """Copy a Parquet file with texts that are not UTF-8; U+FFFD replaces the invalid bytes."""
    with (
        pq.ParquetFile(parquet) as file,
        pq.ParquetWriter(target, file.schema_arrow, compression="snappy") as copy,
    ):
        for batch in file.iter_batches(ROWS_IN_A_BATCH):
            columns = [_valid(column) for column in batch.columns]
            copy.write_batch(pa.RecordBatch.from_arrays(columns, schema=batch.schema))
    return target


def _valid(column: pa.Array) -> pa.Array:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        texts = column.cast(pa.large_binary()).to_pylist()
        return pa.array([text and text.decode("utf-8", "replace") for text in texts], column.type)
    return column
