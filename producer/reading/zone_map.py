"""Hold the zones as polygons. Separate, because its libraries take a second and only old months need them."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyogrio
import shapely
from duckdb.func import ARROW, SPECIAL

from schemas.errors import UserError
from schemas.zones import ID_PROPERTIES, OUTSIDE_ZONE_ID, UNKNOWN_ZONE_ID

Array = npt.NDArray[Any]

WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class ZoneMap:
    """The zones as polygons in longitude and latitude, by rising number."""

    zone_ids: Array
    polygons: Array
    tree: shapely.STRtree

    def zones_at(self, longitudes: Array, latitudes: Array) -> Array:
        """Return the zone of each point; NaN is a missing coordinate. On a border the lowest number wins."""
        found = np.full(len(longitudes), OUTSIDE_ZONE_ID, np.int32)
        near_points, near_zones = self.tree.query(shapely.points(longitudes, latitudes))
        is_inside = shapely.intersects_xy(
            self.polygons[near_zones], longitudes[near_points], latitudes[near_points]
        )
        np.minimum.at(found, near_points[is_inside], self.zone_ids[near_zones[is_inside]])
        found[_have_no_fix(longitudes, latitudes)] = UNKNOWN_ZONE_ID
        return found


def load_zones(file: Path) -> ZoneMap:
    """Read the shapes; raises UserError with what is wrong with the file."""
    try:
        shapes = geopandas.read_file(_readable(file))
    except (pyogrio.errors.DataSourceError, zipfile.BadZipFile, OSError) as error:
        raise _no_shapes(file, f"cannot read the file: {str(error).splitlines()[0]}") from None
    id_property = next((name for name in ID_PROPERTIES if name in shapes.columns), None)
    if id_property is None or shapes.empty:
        raise _no_shapes(file, f"has no zones with a property {ID_PROPERTIES[0]}")
    degrees = _in_degrees(shapes, file).assign(zone_id=shapes[id_property].astype("int32"))
    degrees = degrees[degrees.geometry.notna()].sort_values("zone_id", kind="stable")
    polygons = shapely.make_valid(np.asarray(degrees.geometry.values))
    shapely.prepare(polygons)
    return ZoneMap(degrees["zone_id"].to_numpy(np.int32), polygons, shapely.STRtree(polygons))


def register_zone_at(connection: duckdb.DuckDBPyConnection, zones: ZoneMap) -> None:
    """Register `zone_at(longitude, latitude)` as a function of this connection; it gets Arrow batches."""

    def zone_at(longitudes: pa.ChunkedArray, latitudes: pa.ChunkedArray) -> pa.Array:
        return pa.array(zones.zones_at(_numbers(longitudes), _numbers(latitudes)))

    connection.create_function(
        "zone_at", zone_at, ["DOUBLE", "DOUBLE"], "INTEGER", type=ARROW, null_handling=SPECIAL
    )


def register_zones_of(connection: duckdb.DuckDBPyConnection, shapes: Path) -> None:
    """Register the function with the zones of a file."""
    register_zone_at(connection, load_zones(shapes))


def _have_no_fix(longitudes: Array, latitudes: Array) -> Array:
    is_origin = (longitudes == 0) & (latitudes == 0)
    return np.asarray(is_origin | np.isnan(longitudes) | np.isnan(latitudes))


def _numbers(values: pa.ChunkedArray) -> Array:
    """Convert nulls to NaN."""
    return np.asarray(values.to_numpy(), np.float64)


def _readable(file: Path) -> str:
    """Return the path in GDAL's syntax, which must name the part of an archive."""
    if file.suffix != ".zip":
        return str(file)
    with zipfile.ZipFile(file) as archive:
        inside = next((name for name in archive.namelist() if name.endswith(".shp")), None)
    if inside is None:
        raise _no_shapes(file, "contains no shapefile")
    return f"/vsizip/{file.resolve()}/{inside}"


def _in_degrees(shapes: geopandas.GeoDataFrame, file: Path) -> geopandas.GeoDataFrame:
    """Convert to degrees.

    TopoJSON does not state that it is in degrees; the TLC's shapefile states that it is in feet.
    """
    if shapes.crs is not None:
        return shapes.to_crs(WGS84)
    west, south, east, north = shapes.total_bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _no_shapes(file, "does not state its coordinate system")
    return shapes.set_crs(WGS84)


def _no_shapes(file: Path, reason: str) -> UserError:
    return UserError(f"{file}: {reason}", "use the TLC's taxi_zones.zip: ./taxi fetch --zones")
