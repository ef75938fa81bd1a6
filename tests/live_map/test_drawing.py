"""The zones as SVG paths."""

import json
import re

import pytest

from live_map.centres import read_centres
from live_map.drawing import WIDTH, Rings, circles, shapes
from schemas.errors import UserError

pytestmark = pytest.mark.unit

NUMBERS = re.compile(r"-?\d+")


def square(west: float, south: float, size: float) -> Rings:
    corners = [(0.0, 0.0), (0.0, size), (size, size), (size, 0.0), (0.0, 0.0)]
    return [[(west + x, south + y) for x, y in corners]]


def corners(path: str) -> list[tuple[int, int]]:
    """The points of a path of one ring."""
    numbers = [int(number) for number in NUMBERS.findall(path)]
    found = [(numbers[0], numbers[1])]
    for x, y in zip(numbers[2::2], numbers[3::2], strict=True):
        found.append((found[-1][0] + x, found[-1][1] + y))
    return found


def test_north_is_at_the_top_and_a_degree_of_longitude_is_narrower_than_one_of_latitude() -> None:
    drawing = shapes({1: square(-74.0, 40.65, 0.1)}, "file")
    zone = next(zone for zone in drawing.zones if zone.zone_id == 1)
    south_west, north_west, north_east, *_ = corners(zone.path)
    assert (south_west[0], north_west) == (0, (0, 0))
    assert north_east == (WIDTH, 0)
    assert south_west[1] == pytest.approx(WIDTH / 0.758, rel=0.001)  # cos(40.7°)


def test_coordinates_in_feet_are_drawn_as_they_are() -> None:
    zones = {1: square(913_000, 120_000, 5_000), 2: square(923_000, 120_000, 5_000)}
    drawing = shapes(zones, "file")
    assert (drawing.width, drawing.height) == (WIDTH, 3334)
    assert [zone.zone_id for zone in drawing.zones] == [1, 2]


def test_a_zone_in_several_parts_is_one_path_and_is_found_at_its_largest() -> None:
    zones = {1: square(0, 0, 10) + square(90, 0, 1), 2: square(99, 99, 1)}
    first = shapes(
        {zone: [[(x * 1000, y * 1000) for x, y in ring] for ring in rings] for zone, rings in zones.items()},
        "f",
    )
    assert first.zones[0].path.count("M") == 2
    assert first.zones[0].x == WIDTH // 20


def test_a_zone_that_the_file_lacks_is_a_circle_and_is_said() -> None:
    drawing = shapes({zone: square(-74.0, 40.6, 0.3) for zone in range(1, 261)}, "zones.json")
    assert [zone.zone_id for zone in drawing.zones] == list(range(1, 264))
    assert "a" in drawing.zones[-1].path
    assert drawing.notice == "zones.json has no shapes for 3 zones."


def test_shapes_of_something_else_are_refused() -> None:
    with pytest.raises(UserError, match=r"states\.json has the unknown zone 264; there are 263 zones"):
        shapes({264: square(0, 0, 1)}, "states.json")


@pytest.mark.parametrize(
    "rings",
    [
        square(10.0, -40.0, 1.0),
        [[(y, x) for x, y in square(-74.2, 40.6, 0.1)[0]]],
        square(-74.2, 40.6, 0.0),
        [[(-74.2, 40.6), (-74.2, 40.7), (-74.2, 40.8)]],
        square(-74.2, 40.6, 0.1) + square(1_000_000.0, 40.6, 0.1),
    ],
    ids=["of another city", "latitude first", "a point", "a line", "degrees and feet"],
)
def test_shapes_of_another_place_are_refused(rings: Rings) -> None:
    with pytest.raises(UserError, match=r"zones\.json draws zone 1 in another place"):
        shapes({1: rings}, "zones.json")


def test_a_file_of_no_zones_is_refused() -> None:
    with pytest.raises(UserError, match="has no zones"):
        shapes({}, "zones.json")


def test_circles_stay_within_the_box_and_beside_one_another() -> None:
    drawing = circles("why")
    assert (len(drawing.zones), drawing.notice) == (len(read_centres()), "why")
    assert all(0 < zone.x < drawing.width and 0 < zone.y < drawing.height for zone in drawing.zones)


def test_what_the_page_gets_is_small() -> None:
    document = circles("").as_json()
    assert json.loads(document)["zones"][0].keys() == {"zone_id", "path", "x", "y"}
    assert len(document) < 40_000
