"""Small TLC months for tests: a line shows only what matters."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from producer.months import Naming
from producer.reading.preparation import MonthPreparer, Watch
from producer.reading.prepared import Prepared

GREEN_COLUMNS: dict[str, tuple[pa.DataType, Any]] = {
    "VendorID": (pa.int64(), 2),
    "lpep_pickup_datetime": (pa.timestamp("us"), "2020-03-01 10:00:00"),
    "lpep_dropoff_datetime": (pa.timestamp("us"), "2020-03-01 10:10:00"),
    "store_and_fwd_flag": (pa.string(), "N"),
    "RatecodeID": (pa.float64(), 1.0),
    "PULocationID": (pa.int64(), 74),
    "DOLocationID": (pa.int64(), 75),
    "passenger_count": (pa.float64(), 1.0),
    "trip_distance": (pa.float64(), 1.5),
    "fare_amount": (pa.float64(), 8.0),
    "extra": (pa.float64(), 0.5),
    "mta_tax": (pa.float64(), 0.5),
    "tip_amount": (pa.float64(), 0.0),
    "tolls_amount": (pa.float64(), 0.0),
    "ehail_fee": (pa.null(), None),
    "improvement_surcharge": (pa.float64(), 0.3),
    "total_amount": (pa.float64(), 9.3),
    "payment_type": (pa.float64(), 1.0),
    "trip_type": (pa.float64(), 1.0),
    "congestion_surcharge": (pa.float64(), 0.0),
}


def dropoff(clock: str, **others: Any) -> dict[str, Any]:
    """A ride that ends then, after a minute's drive."""
    pickup = datetime.fromisoformat(clock) - timedelta(minutes=1)
    return {"lpep_dropoff_datetime": clock, "lpep_pickup_datetime": str(pickup), **others}


def green_table(*trips: dict[str, Any], without: tuple[str, ...] = (), **types: pa.DataType) -> pa.Table:
    """A month of these trips in the Parquet types of 2022; `types` changes some."""
    arrays = {}
    for name, (usual_type, usual) in GREEN_COLUMNS.items():
        if name not in without:
            arrays[name] = _array([trip.get(name, usual) for trip in trips], types.get(name, usual_type))
    return pa.table(arrays)


def green_parquet(folder: Path, *trips: dict[str, Any], name: str = "green_tripdata_2020-03.parquet") -> Path:
    """The same, written down."""
    pq.write_table(green_table(*trips), folder / name)
    return folder / name


def prepared(file: Path, cache: Path, shapes: Path | None = None) -> Prepared:
    """The month in event order."""
    return preparer_in(cache, shapes).prepare(Naming().month_files([file]))


def preparer_in(
    cache: Path,
    shapes: Path | None = None,
    warnings: list[str] | None = None,
    *,
    watch: Watch = lambda _title, _percent: None,
) -> MonthPreparer:
    """With the shapes of the zones, if given; what it warns of is noted."""
    warned = [] if warnings is None else warnings
    return MonthPreparer(cache, "500MB", watch, shapes, cache / "rejects", warned.append)


def rows(source: Prepared, columns: str = "*") -> list[tuple[Any, ...]]:
    """Its rows, in its order."""
    with duckdb.connect() as connection:
        return connection.read_parquet(str(source.path)).project(columns).fetchall()


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)
