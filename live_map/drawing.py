"""The zones as SVG paths: their shapes where a file has them, otherwise circles at their centres."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TypeAlias

from live_map.centres import Centre, read_centres
from schemas.errors import UserError

WIDTH = 10_000
"""In whole units: a tenth of a pixel where the map is a thousand pixels wide."""

MIDDLE_LATITUDE = 40.7
LARGEST_DEGREE = 360
FARTHEST_DEGREES = 1.0
"""A zone that is drawn farther from its centre has other coordinates, for example latitude first."""

MOST_ELONGATED = 20
"""The city is about as high as it is wide; a single zone may be long."""

SMALLEST_RADIUS, LARGEST_RADIUS = 35.0, 140.0

Point: TypeAlias = tuple[float, float]
Rings: TypeAlias = list[list[Point]]


@dataclass(frozen=True)
class DrawnZone:
    """One zone, ready for SVG; the keyboard focus is at the point."""

    zone_id: int
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class Drawing:
    """All zones in one box."""

    width: int
    height: int
    zones: tuple[DrawnZone, ...]
    notice: str = ""
    """Reason for drawing circles, as a sentence for the viewer."""

    def as_json(self) -> bytes:
        """Return the drawing for the page."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()


@dataclass(frozen=True)
class Projection:
    """Projection from the coordinates of a file to those of the box, north at the top."""

    west: float
    north: float
    scale: float
    stretch: float
    """Factor of the longitudes, which are narrower than latitudes; 1 for coordinates in a plane."""

    def __call__(self, point: Sequence[float]) -> tuple[int, int]:
        x, y = point[0], point[1]
        return round((x * self.stretch - self.west) * self.scale), round((self.north - y) * self.scale)


def shapes(rings: Mapping[int, Rings], name: str) -> Drawing:
    """Draw these outlines; a zone that the file lacks is a circle if its position is known."""
    centres = {centre.zone_id: centre for centre in read_centres()}
    strangers = sorted(rings.keys() - centres.keys())
    if strangers:
        raise UserError(f"{name} has the unknown zone {strangers[0]}; there are {len(centres)} zones")
    if not rings:
        raise UserError(f"{name} has no zones")
    points = [point for outline in rings.values() for ring in outline for point in ring]
    in_degrees = all(abs(x) <= LARGEST_DEGREE for x, _ in points)
    away = [
        zone_id for zone_id, outline in rings.items() if in_degrees and _is_away(centres[zone_id], outline)
    ]
    if away or not _has_extent(points):
        raise UserError(
            f"{name} draws zone {min(away, default=min(rings))} in another place",
            "use degrees, longitude first",
        )
    projection, height = _fit(points, math.cos(math.radians(MIDDLE_LATITUDE)) if in_degrees else 1.0)
    drawn = {zone_id: _outlined(zone_id, outline, projection) for zone_id, outline in rings.items()}
    missing = [centre for zone_id, centre in centres.items() if zone_id not in rings]
    if in_degrees:
        drawn |= {centre.zone_id: _circle(centre, projection, SMALLEST_RADIUS) for centre in missing}
    notice = f"{name} has no shapes for {len(missing)} zones." if missing else ""
    return Drawing(WIDTH, height, tuple(drawn[zone_id] for zone_id in sorted(drawn)), notice)


def _is_away(centre: Centre, outline: Rings) -> bool:
    """Return whether the zone's box is far from its centre."""
    sides = (
        [x - centre.longitude for ring in outline for x, _ in ring],
        [y - centre.latitude for ring in outline for _, y in ring],
    )
    return any(min(side) > FARTHEST_DEGREES or max(side) < -FARTHEST_DEGREES for side in sides)


def _has_extent(points: Sequence[Point]) -> bool:
    """Return whether the points are neither one place nor on a line."""
    width, height = (max(side) - min(side) for side in zip(*points, strict=True))
    return bool(0 < max(width, height) < MOST_ELONGATED * min(width, height))


def circles(notice: str) -> Drawing:
    """Draw a circle for each zone, as large as its neighbours allow."""
    centres = read_centres()
    corners = [(centre.longitude, centre.latitude) for centre in centres]
    projection, height = _fit(corners, math.cos(math.radians(MIDDLE_LATITUDE)), margin=0.02)
    places = [projection(corner) for corner in corners]
    zones = tuple(
        _circle(centre, projection, _radius(place, places))
        for centre, place in zip(centres, places, strict=True)
    )
    return Drawing(WIDTH, height, zones, notice)


def _fit(points: Sequence[Point], stretch: float, margin: float = 0.0) -> tuple[Projection, int]:
    xs, ys = [x * stretch for x, _ in points], [y for _, y in points]
    space = margin * (max(xs) - min(xs))
    west, north = min(xs) - space, max(ys) + space
    scale = WIDTH / (max(xs) + space - west)
    return Projection(west, north, scale, stretch), math.ceil((north - min(ys) + space) * scale)


def _outlined(zone_id: int, outline: Rings, projection: Projection) -> DrawnZone:
    drawn = [ring for ring in (_thinned(map(projection, ring)) for ring in outline) if len(ring) > 2]
    largest = max(drawn, key=_extent, default=[projection(outline[0][0])])
    xs, ys = [x for x, _ in largest], [y for _, y in largest]
    middle = (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2
    return DrawnZone(zone_id, "".join(map(_path, drawn)), *middle)


def _thinned(points: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop the points that the drawing cannot tell from the previous one."""
    kept: list[tuple[int, int]] = []
    for point in points:
        if not kept or abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) > 2:
            kept.append(point)
    return kept


def _extent(ring: Sequence[tuple[int, int]]) -> int:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def _path(ring: Sequence[tuple[int, int]]) -> str:
    steps = " ".join(f"{x - px} {y - py}" for (px, py), (x, y) in pairwise(ring))
    return f"M{ring[0][0]} {ring[0][1]}l{steps}z"


def _radius(place: tuple[int, int], places: Sequence[tuple[int, int]]) -> float:
    nearest = min(math.dist(place, other) for other in places if other != place)
    return max(SMALLEST_RADIUS, min(LARGEST_RADIUS, nearest * 0.48))


def _circle(centre: Centre, projection: Projection, radius: float) -> DrawnZone:
    x, y = projection((centre.longitude, centre.latitude))
    r = round(radius)
    path = f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    return DrawnZone(centre.zone_id, path, x, y)
