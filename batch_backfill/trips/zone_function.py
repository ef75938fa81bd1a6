"""Look up zones by coordinates with an SQL function."""

from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.functions import PandasUDFType, pandas_udf

from batch_backfill.trips.zone_shapes import zones_at
from schemas.zone_shapes import ZoneShapes

ZONE_AT = "zone_at"
"""The name of the SQL function `zone_at(longitude, latitude)`."""


def register_zone_at(session: SparkSession, shapes: ZoneShapes) -> None:
    """Register `zone_at(longitude, latitude)` as a function of the session; it gets batches."""
    shared = session.sparkContext.broadcast(shapes)

    def zone_at(longitudes: Any, latitudes: Any) -> Any:
        return zones_at(shared.value, longitudes, latitudes)

    session.udf.register(ZONE_AT, pandas_udf(zone_at, "int", PandasUDFType.SCALAR))
