"""The polygons of the taxi zones, from their published files."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from schemas.errors import UserError
from schemas.zones import ID_PROPERTIES

Geometry = Mapping[str, Any]
SHAPE_FILES = ("taxi_zones.zip", "taxi_zones.geojson", "taxi_zones.topojson")
FARTHEST = 1e9
"""Above every coordinate that a projection in feet or metres has."""

BREAKS_READING = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a document of another structure raises."""


@dataclass(frozen=True)
class ZoneShapes:
    """The zones' polygons in degrees, ordered by number; as GeoJSON texts because they go to every worker."""

    zone_ids: tuple[int, ...]
    geometries: tuple[str, ...]


def find_shapes(configured: Path | None, tlc_data_dir: Path | None, cache: Path | None) -> Path | None:
    """Return the file with the zone shapes, if any; raises UserError if the configured file is missing."""
    if configured:
        if _is_file(configured):
            return configured
        raise UserError(
            f"TAXI_ZONES_FILE={configured}: no such file", "fix the path, or unset TAXI_ZONES_FILE"
        )
    candidates = (folder / name for folder in _folders(tlc_data_dir, cache) for name in SHAPE_FILES)
    return next((path for path in candidates if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a closed folder, or a name that is too long
        return False


def _folders(tlc_data_dir: Path | None, cache: Path | None) -> Iterator[Path]:
    if tlc_data_dir:
        yield tlc_data_dir
        yield tlc_data_dir.resolve().parent / "zones"
    if cache:
        yield cache / "zones"


def read_shapes(text: str, address: str) -> ZoneShapes:
    """Read GeoJSON or TopoJSON; UserError gives the problem."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
        found = _topology(document) if document.get("type") == "Topology" else _features(document)
        zones = sorted(((zone_id, polygons(shape)) for zone_id, shape in found), key=lambda zone: zone[0])
    except BREAKS_READING as error:
        raise _no_shapes(address, f"cannot read the file: {error}") from None
    if not zones:
        raise _no_shapes(address, f"has no zones with a property {ID_PROPERTIES[0]}")
    return ZoneShapes(tuple(zone for zone, _ in zones), tuple(json.dumps(shape) for _, shape in zones))


def _features(document: Mapping[str, Any]) -> Iterator[tuple[int, Geometry]]:
    for feature in document["features"]:
        if feature["geometry"]:
            yield zone_id_of(feature["properties"]), feature["geometry"]


def _topology(document: Mapping[str, Any]) -> Iterator[tuple[int, Geometry]]:
    """Yield the zones of TopoJSON, which stores borders once: rings join arcs, negative ones in reverse."""
    arcs = [_arc(steps, document.get("transform")) for steps in document["arcs"]]
    for collection in document["objects"].values():
        for shape in collection["geometries"]:
            if shape.get("arcs"):
                yield zone_id_of(shape["properties"]), _geometry(shape, arcs)


def _geometry(shape: Mapping[str, Any], arcs: Sequence[Sequence[Any]]) -> Geometry:
    if shape["type"] == "Polygon":
        return {"type": "Polygon", "coordinates": [_ring(ring, arcs) for ring in shape["arcs"]]}
    polygons = [[_ring(ring, arcs) for ring in polygon] for polygon in shape["arcs"]]
    return {"type": "MultiPolygon", "coordinates": polygons}


def _ring(numbers: Sequence[int], arcs: Sequence[Sequence[Any]]) -> list[Any]:
    points: list[Any] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    return points


def _arc(steps: Sequence[Sequence[float]], transform: Mapping[str, Any] | None) -> list[list[float]]:
    if transform is None:
        return [list(step) for step in steps]
    (x_scale, y_scale), (x_offset, y_offset) = transform["scale"], transform["translate"]
    xs, ys = accumulate(step[0] for step in steps), accumulate(step[1] for step in steps)
    return [[x * x_scale + x_offset, y * y_scale + y_offset] for x, y in zip(xs, ys, strict=True)]


def zone_id_of(properties: Mapping[str, Any]) -> int:
    """Return the number of a zone; ValueError without one."""
    named = [properties[name] for name in ID_PROPERTIES if name in properties]
    if not named:
        raise ValueError(f"a zone has no property {ID_PROPERTIES[0]}")
    return int(named[0])


def polygons(shape: Geometry) -> Geometry:
    """Return a shape that has an area everywhere; ValueError for points, lines, gaps and infinite ones."""
    kind, parts = shape["type"], shape["coordinates"]
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValueError(f"a zone is a {kind}, not a polygon")
    rings = [ring for polygon in ([parts] if kind == "Polygon" else parts) for ring in polygon]
    if not rings or any(len(ring) < 3 for ring in rings):
        raise ValueError("a zone has an outline of fewer than three points")
    if not all(_is_place(point) for ring in rings for point in ring):
        raise ValueError("a zone has a coordinate outside the map")
    return shape


def _is_place(point: Sequence[float]) -> bool:
    x, y = point[0], point[1]
    return math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < FARTHEST


def _no_shapes(address: str, reason: str) -> UserError:
    return UserError(f"{address}: {reason}", "use GeoJSON or TopoJSON in degrees")
