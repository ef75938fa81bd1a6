"""The zones' centres that the project carries, against their shapes."""

import csv
import math

import pytest
import shapely

from live_map.centres import FILE, read_centres
from schemas.zone_shapes import ZoneShapes, read_shapes
from tests.oracle.real_months import REPOSITORY, shared_file

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def published() -> ZoneShapes:
    return read_shapes(shared_file("zones/taxi_zones.topojson").read_text(), "the TLC's shapes")


def test_there_is_one_for_each_zone_that_lies_somewhere() -> None:
    seed = (REPOSITORY / "dbt" / "seeds" / "taxi_zones.csv").read_text("utf-8").splitlines()
    placed = [int(row["zone_id"]) for row in csv.DictReader(seed) if row["borough"] not in {"Unknown", "N/A"}]
    assert [centre.zone_id for centre in read_centres()] == placed == list(range(1, 264))


def test_each_is_written_to_four_digits() -> None:
    _, *lines = FILE.read_text("utf-8").splitlines()
    numbers = [number for line in lines for number in line.split(",")[1:]]
    assert {len(number.partition(".")[2]) for number in numbers} == {4}


def test_each_lies_within_its_zone(published: ZoneShapes) -> None:
    polygons = dict(zip(published.zone_ids, map(shapely.from_geojson, published.geometries), strict=True))
    points = {centre.zone_id: shapely.Point(centre.longitude, centre.latitude) for centre in read_centres()}
    assert [zone for zone, point in points.items() if not polygons[zone].intersects(point)] == []


def test_each_is_as_far_from_the_border_as_a_point_of_its_zone_can_be(published: ZoneShapes) -> None:
    """A centroid would lie in the water off a bay; this is the middle of the largest circle."""
    narrowing = math.cos(math.radians(40.7))
    polygons = dict(zip(published.zone_ids, published.geometries, strict=True))
    for centre in read_centres():
        flat = shapely.transform(
            shapely.from_geojson(polygons[centre.zone_id]), lambda at: at * [narrowing, 1]
        )
        radius = max(shapely.maximum_inscribed_circle(part).length for part in shapely.get_parts(flat))
        point = shapely.Point(centre.longitude * narrowing, centre.latitude)
        assert flat.boundary.distance(point) > 0.95 * radius - 0.0001, centre
