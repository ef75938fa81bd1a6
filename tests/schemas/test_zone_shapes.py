"""Files with the shapes of the zones: what is none of them is refused in a sentence."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import UserError
from schemas.zone_shapes import find_shapes, read_shapes

pytestmark = pytest.mark.unit

SQUARE = [[[-74.2, 40.6], [-74.2, 40.7], [-74.1, 40.7], [-74.2, 40.6]]]
NUMBERED = {"LocationID": 7}


def feature(geometry: Any, properties: Any = NUMBERED) -> Any:
    return {"features": [{"properties": properties, "geometry": geometry}]}


def polygon(coordinates: Any) -> Any:
    return feature({"type": "Polygon", "coordinates": coordinates})


def topology(arcs: Any, ring: Any) -> Any:
    shape = {"type": "Polygon", "arcs": [ring], "properties": NUMBERED}
    return {"type": "Topology", "arcs": arcs, "objects": {"zones": {"geometries": [shape]}}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (feature({"type": "Point", "coordinates": [1, 2]}), "a zone is a Point, not a polygon"),
        (feature({"type": "LineString", "coordinates": SQUARE[0]}), "a zone is a LineString, not a polygon"),
        (feature({"type": "GeometryCollection", "geometries": []}), "cannot read the file"),
        (feature({"type": "MultiPolygon", "coordinates": []}), "fewer than three points"),
        (feature("square"), "cannot read the file"),
        (feature({"type": "Polygon", "coordinates": SQUARE}, {}), "a zone has no property LocationID"),
        (feature({"type": "Polygon", "coordinates": SQUARE}, {"LocationID": float("inf")}), "cannot read"),
        (polygon([]), "fewer than three points"),
        (polygon([[]]), "fewer than three points"),
        (polygon(SQUARE[0]), "cannot read the file"),
        (polygon(-1), "cannot read the file"),
        (polygon([[[1], [2], [3]]]), "cannot read the file"),
        (polygon([[["a", "b"], ["c", "d"], ["e", "f"]]]), "cannot read the file"),
        (polygon([[[float("nan"), 40], [-74, 41], [-73, 41]]]), "a coordinate outside the map"),
        (polygon([[[-74, float("inf")], [-74, 41], [-73, 41]]]), "a coordinate outside the map"),
        (polygon([[[1e308, 40], [-1e308, 41], [-73, 41]]]), "a coordinate outside the map"),
        (polygon([[[10**400, 40], [-74, 41], [-73, 41]]]), "cannot read the file"),
        (topology([], [5]), "cannot read the file"),
        (topology([[]], [0]), "fewer than three points"),
        (topology([SQUARE[0]], ["first"]), "cannot read the file"),
    ],
)
def test_a_document_without_areas_is_refused(document: Any, says: str) -> None:
    with pytest.raises(UserError, match=re.escape(says)):
        read_shapes(json.dumps(document), "zones.geojson")


def test_a_document_that_nests_without_end_is_refused() -> None:
    with pytest.raises(UserError, match=r"zones\.geojson: cannot read the file"):
        read_shapes("[" * 100_000, "zones.geojson")


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_shapes("\ufeff" + json.dumps(polygon(SQUARE)), "zones.geojson").zone_ids == (7,)


@pytest.mark.parametrize("name", ["", "nowhere.geojson", "z" * 300])
def test_a_setting_that_names_no_file_is_refused(tmp_path: Path, name: str) -> None:
    """A folder is none, and a name that is too long cannot be one."""
    with pytest.raises(UserError, match="no such file"):
        find_shapes(tmp_path / name, None, None)
