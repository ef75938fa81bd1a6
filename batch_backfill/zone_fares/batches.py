"""Convert trips and panes to the Arrow batches that Spark and its workers exchange, and windows to files."""

import io
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batch_backfill.zone_fares.panes import Array, Panes
from batch_backfill.zone_fares.windows import Windows
from schemas.processed import ZONE_FARES_15M

MICROSECONDS_OF_A_MINUTE = 60_000_000

TRIPS = ("pickup_zone_id", "dropoff_at", "total_amount_cents")

PANES = "stretch int, minutes binary, zones binary, trips binary, total_amount_cents binary"
"""A row per task and stretch of the month: its panes, as the bytes of arrays of int64."""

FILES = "stretch int, file binary"
"""A row per stretch of the month: its windows, as the bytes of a Parquet file."""

ARROW_PANES = pa.schema([("stretch", pa.int32()), *((f"cells_{number}", pa.binary()) for number in range(4))])
ARROW_WINDOWS = pa.schema(
    [
        ("pickup_zone_id", pa.int32()),
        ("window_start", pa.timestamp("us")),
        ("window_end", pa.timestamp("us")),
        ("trips", pa.int64()),
        ("total_amount_cents", pa.int64()),
        ("avg_total_amount", pa.decimal128(12, 4)),
    ]
)

ARROW_FILES = pa.schema([("stretch", pa.int32()), ("file", pa.binary())])

ROWS_IN_A_GROUP = 1 << 20


def panes_of_trips(batches: Iterable[pa.RecordBatch]) -> Panes:
    """Sum all trips of these batches."""
    panes = Panes()
    for batch in batches:
        zones, clocks, cents = (column.cast(pa.int64()).to_numpy() for column in batch.columns)
        panes.add(clocks // MICROSECONDS_OF_A_MINUTE, zones, 1, cents)
    return panes


def sent(panes: Panes, stretch: int) -> pa.RecordBatch:
    """Return the panes that one task computed for a stretch."""
    cells = (np.ascontiguousarray(array, np.int64).tobytes() for array in panes.cells())
    return pa.RecordBatch.from_pylist(
        [dict(zip(ARROW_PANES.names, [stretch, *cells], strict=True))], schema=ARROW_PANES
    )


def received(batches: Iterable[pa.RecordBatch]) -> tuple[Panes, int | None]:
    """Add the panes that all tasks computed for this partition's stretch; None if there are no trips."""
    panes, stretch = Panes(), None
    for batch in batches:
        for number, *cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            panes.add(*(np.frombuffer(array, np.int64) for array in cells))
            stretch = number
    return panes, stretch


def rows_of_windows(found: Iterable[Windows], size: int) -> Iterator[pa.RecordBatch]:
    """Yield windows of `size` minutes as rows of the table."""
    for some in found:
        ends = some.end_minutes * MICROSECONDS_OF_A_MINUTE
        starts = ends - size * MICROSECONDS_OF_A_MINUTE
        columns = (some.zones, starts, ends, some.trips, some.total_amount_cents)
        arrays = [
            pa.array(column).cast(field.type) for column, field in zip(columns, ARROW_WINDOWS, strict=False)
        ]
        arrays.append(_decimals(some.avg_ten_thousandths))
        yield pa.RecordBatch.from_arrays(arrays, schema=ARROW_WINDOWS)


def file_of(rows: Iterable[pa.RecordBatch]) -> bytes:
    """Return the Parquet file of these windows, in this order."""
    target = io.BytesIO()
    with pq.ParquetWriter(
        target, ARROW_WINDOWS, compression=ZONE_FARES_15M.compression, write_page_checksum=True
    ) as writer:
        for group in _groups(rows):
            writer.write_table(group, row_group_size=group.num_rows)
    return target.getvalue()


def sent_file(stretch: int, rows: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Return the windows of a stretch for the driver."""
    return pa.RecordBatch.from_arrays(
        [pa.array([stretch], pa.int32()), pa.array([file_of(rows)], pa.binary())], schema=ARROW_FILES
    )


def _groups(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Put together what makes a row group; sparse windows come a few thousand at a time."""
    waiting: list[pa.RecordBatch] = []
    for batch in rows:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= ROWS_IN_A_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if any(one.num_rows for one in waiting):
        yield pa.Table.from_batches(waiting)


def _decimals(ten_thousandths: Array) -> pa.Array:
    """Encode positive numbers with four decimals: 16 bytes each, little-endian."""
    halves = np.zeros((len(ten_thousandths), 2), dtype="<i8")
    halves[:, 0] = ten_thousandths
    type_ = ARROW_WINDOWS.field("avg_total_amount").type
    return pa.Array.from_buffers(type_, len(halves), [None, pa.py_buffer(halves.tobytes())])
