"""The picture of the README can be made of any running map."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.live_map.city import NOON, City
from tests.live_map.screenshot import SCREEN, Moment, take

pytestmark = pytest.mark.integration


def size_of(picture: Path) -> dict[str, int]:
    """Width and height, as the header of a PNG has them."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n")
    return {"width": int.from_bytes(head[16:20], "big"), "height": int.from_bytes(head[20:24], "big")}


def test_the_busiest_zone_of_now_is_opened(city: City, server: str, tmp_path: Path) -> None:
    city.put("green", NOON, {74: (12, 12 * 2150)})
    sentence = take(server, tmp_path / "map.png", Moment())
    assert sentence.startswith("East Harlem North, Manhattan: $21.50 average of 12 trips, 11:45 to 12:00")
    assert size_of(tmp_path / "map.png") == SCREEN["viewport"]
    assert (tmp_path / "map.png").stat().st_size < 300_000


def test_an_earlier_moment_and_a_zone_can_be_chosen(city: City, server: str, tmp_path: Path) -> None:
    earlier = NOON - timedelta(minutes=47)
    city.put("green", earlier, {75: (1, 9900)})
    sentence = take(server, tmp_path / "map.png", Moment(zone_id=75, at=earlier))
    assert sentence.startswith("East Harlem South, Manhattan: $99.00 average of 1 trip, 10:58 to 11:13")
