"""Find the taxi zone of a point, for the months in which the TLC published longitude and latitude."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from schemas.zone_shapes import ZoneShapes
from schemas.zones import OUTSIDE_ZONE_ID, UNKNOWN_ZONE_ID


def zones_at(shapes: ZoneShapes, longitudes: Any, latitudes: Any) -> Any:
    """Return the zone of each point; NaN is a missing coordinate. On a border the lowest number wins."""
    zone_ids, polygons, tree = _prepared(shapes)
    x, y = longitudes.to_numpy("float64"), latitudes.to_numpy("float64")
    found = np.full(len(x), OUTSIDE_ZONE_ID, np.int32)
    near_points, near_zones = tree.query(shapely.points(x, y))
    is_inside = shapely.intersects_xy(polygons[near_zones], x[near_points], y[near_points])
    np.minimum.at(found, near_points[is_inside], zone_ids[near_zones[is_inside]])
    found[((x == 0) & (y == 0)) | np.isnan(x) | np.isnan(y)] = UNKNOWN_ZONE_ID
    return pd.Series(found)


@cache
def _prepared(shapes: ZoneShapes) -> tuple[Any, Any, Any]:
    """Prepare the shapes once in each worker."""
    polygons = shapely.make_valid(shapely.from_geojson(np.array(shapes.geometries, dtype=object)))
    shapely.prepare(polygons)
    return np.array(shapes.zone_ids, np.int32), polygons, shapely.STRtree(polygons)
