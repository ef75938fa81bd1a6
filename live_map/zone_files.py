"""Find and read the file with the shapes of the zones."""

import json
from collections.abc import Iterable
from pathlib import Path

import shapefile

from live_map.drawing import Drawing, Rings, circles, shapes
from live_map.settings import MapSettings
from schemas.errors import UserError
from schemas.zone_shapes import Geometry, find_shapes, polygons, read_shapes, zone_id_of


def drawing_of(settings: MapSettings) -> Drawing:
    """Return the best drawing that is possible here; an unusable file costs the shapes, never the map."""
    try:
        file = find_shapes(settings.taxi_zones_file, settings.tlc_data_dir, settings.cache)
        if file is None:
            return circles(
                "Zones are drawn as circles: no zone shapes were found. To get them: ./taxi fetch --zones"
            )
        return shapes(rings_of_file(file), file.name)
    except UserError as error:
        return circles(f"Zones are drawn as circles: {str(error).rstrip('.')}.")


def rings_of_file(file: Path) -> dict[int, Rings]:
    """Read the outlines of each zone; UserError for a file without any."""
    if file.suffix.lower() in {".zip", ".shp"}:
        return _rings_of_shapefile(file)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file.name}: {error}") from None
    found = read_shapes(text, file.name)
    return _by_zone(zip(found.zone_ids, map(json.loads, found.geometries), strict=True))


def _rings_of_shapefile(file: Path) -> dict[int, Rings]:
    try:
        with shapefile.Reader(str(file)) as reader:
            return _by_zone(
                (zone_id_of(record.record.as_dict()), polygons(record.shape.__geo_interface__))
                for record in reader.iterShapeRecords()
            )
    except Exception as error:  # a damaged file breaks its reader anywhere, which has no error of its own
        raise UserError(f"cannot read {file.name}: {error}") from None


def _by_zone(shapes_of_zones: Iterable[tuple[int, Geometry]]) -> dict[int, Rings]:
    """Merge shapes by zone: the TLC gives two of the numbers to several shapes each."""
    rings: dict[int, Rings] = {}
    for zone_id, geometry in shapes_of_zones:
        parts = geometry["coordinates"]
        several = [parts] if geometry["type"] == "Polygon" else parts
        outline = [[(point[0], point[1]) for point in ring] for polygon in several for ring in polygon]
        rings.setdefault(zone_id, []).extend(outline)
    return rings
