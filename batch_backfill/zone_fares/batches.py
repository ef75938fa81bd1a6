"""Convert trips, panes and windows to the Arrow batches that Spark and its Python workers exchange."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from batch_backfill.zone_fares.panes import Array, Panes
from batch_backfill.zone_fares.windows import Windows

MICROSECONDS_OF_A_MINUTE = 60_000_000

TRIPS = ("pickup_zone_id", "dropoff_at", "total_amount_cents")

PANES = "stretch int, minutes binary, zones binary, trips binary, total_amount_cents binary"
"""A row per task and stretch of the month: its panes, as the bytes of arrays of int64."""

WINDOWS = """
    pickup_zone_id int, window_start timestamp_ntz, window_end timestamp_ntz,
    trips bigint, total_amount_cents bigint, avg_total_amount decimal(12, 4)
"""

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


def _decimals(ten_thousandths: Array) -> pa.Array:
    """Encode positive numbers with four decimals: 16 bytes each, little-endian."""
    halves = np.zeros((len(ten_thousandths), 2), dtype="<i8")
    halves[:, 0] = ten_thousandths
    type_ = ARROW_WINDOWS.field("avg_total_amount").type
    return pa.Array.from_buffers(type_, len(halves), [None, pa.py_buffer(halves.tobytes())])
