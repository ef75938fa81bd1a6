"""The windows that a worker writes as Parquet are read as the contract declares them."""

import io
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_backfill.zone_fares import batches
from batch_backfill.zone_fares.windows import Windows
from schemas.processed import ZONE_FARES_15M

pytestmark = pytest.mark.unit


def rows(count: int, first_end: int = 15) -> pa.RecordBatch:
    """Windows of zone 7 that end minute by minute."""
    ones = np.ones(count, np.int64)
    some = Windows(np.arange(first_end, first_end + count), 7 * ones, 3 * ones, 4001 * ones)
    (batch,) = batches.rows_of_windows([some], 15)
    return batch


@pytest.mark.parametrize("count", [0, 1, 1_000])
def test_a_file_has_the_columns_and_types_of_the_contract(count: int, tmp_path: Path) -> None:
    file = tmp_path / "windows.parquet"
    file.write_bytes(batches.file_of([rows(count)] if count else []))
    found = duckdb.read_parquet(str(file))
    types = [(name, str(kind).lower()) for name, kind in zip(found.columns, found.types, strict=True)]
    assert (types, found.shape[0]) == (list(ZONE_FARES_15M.columns), count)


def test_windows_that_come_in_small_batches_share_a_row_group_in_their_order() -> None:
    pieces = [rows(10, first_end) for first_end in range(15, 515, 10)]
    file = pq.ParquetFile(io.BytesIO(batches.file_of(pieces)))
    assert (file.num_row_groups, file.metadata.num_rows) == (1, 500)
    ends = file.read(["window_end"]).column(0).to_pylist()
    assert ends == sorted(ends)


def test_a_row_group_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS_IN_A_GROUP", 100)
    file = pq.ParquetFile(io.BytesIO(batches.file_of([rows(60), rows(60, 75), rows(60, 135)])))
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert sizes == [120, 60]


def test_the_pages_carry_checksums_as_those_of_spark_do(tmp_path: Path) -> None:
    file = tmp_path / "windows.parquet"
    content = bytearray(batches.file_of([rows(5_000)]))
    content[len(content) // 4] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(file, page_checksum_verification=True).read()
