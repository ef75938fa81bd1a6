"""Compute the average cost by pickup zone over 15 minutes, every minute, from the trips of a month."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from batch_backfill.layout import Stretches, range_partitioned
from batch_backfill.zone_fares import batches
from batch_backfill.zone_fares.windows import windows
from schemas.windows import ZONE_FARES

if TYPE_CHECKING:
    from pyarrow import RecordBatch


def zone_fares(trips: DataFrame, stretches: Stretches) -> Mapping[int, bytes]:
    """Return the windows that have trips: a Parquet file per stretch of the month, by rising end and zone.

    `trips` has `pickup_zone_id, dropoff_at, total_amount_cents`, none of them null. Each task sums its trips
    in arrays, and only those are exchanged: no trip is shuffled, no window is sorted, and a hot zone causes
    no skew. Few trips are one task's, from the trip to the window. A month has a limited number of windows,
    so the driver can hold their files; Arrow writes them for a quarter of what Spark takes, row by row.
    """
    size, edges = window_minutes(), stretches.edge_minutes

    def added_up(trips: Iterable["RecordBatch"]) -> Iterator["RecordBatch"]:
        panes = batches.panes_of_trips(trips)
        for stretch, (first_end, last_end) in enumerate(edges):
            # A minute is in the windows that end one to `size` minutes later.
            yield batches.sent(panes.between(first_end - size, last_end - 1), stretch)

    def at_once(trips: Iterable["RecordBatch"]) -> Iterator["RecordBatch"]:
        panes = batches.panes_of_trips(trips)
        yield batches.sent_file(0, batches.rows_of_windows(windows(panes, size, *edges[0]), size))

    def combined(found: Iterable["RecordBatch"]) -> Iterator["RecordBatch"]:
        panes, stretch = batches.received(found)
        if stretch is not None:
            rows = batches.rows_of_windows(windows(panes, size, *edges[stretch]), size)
            yield batches.sent_file(stretch, rows)

    columns = trips.select(*batches.TRIPS)
    if stretches.in_one_task:
        found = columns.coalesce(1).mapInArrow(at_once, batches.FILES)
    else:
        panes = columns.mapInArrow(added_up, batches.PANES)
        found = range_partitioned(panes, "stretch", stretches).mapInArrow(combined, batches.FILES)
    # Without any trip there may be no task either.
    return {row.stretch: row.file for row in found.collect()} or {0: batches.file_of(())}


def window_minutes() -> int:
    """Return the size of a window; raises ValueError if panes would need another length."""
    if ZONE_FARES.slide != timedelta(minutes=1):
        raise ValueError(
            f"windows slide by {ZONE_FARES.slide}, but zone_fares supports only panes of one minute"
        )
    return ZONE_FARES.panes
