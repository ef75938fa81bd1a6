"""What a page is sent: all there is at first, then what changed, whatever it has missed."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from live_map.boards import Board, Clock, Position, ZoneFare

pytestmark = pytest.mark.unit

SIX = datetime.fromisoformat("2023-12-15T18:00")


def fare(zone_id: int, *, minutes: int = 0, trips: int = 1, average: str = "10.0000") -> ZoneFare:
    return ZoneFare(zone_id, SIX + timedelta(minutes=minutes), trips, average)


def board_of(*looks: list[ZoneFare]) -> Board:
    board = Board("green", "run")
    for number, fares in enumerate(looks):
        board.update(fares, wall_seconds=number, wall_ms=number)
    return board


def changes(board: Board, since: int | None) -> dict[str, Any]:
    return dict(json.loads(board.changes(since)))


def zones(board: Board, since: int | None) -> list[int]:
    return sorted(row[0] for row in changes(board, since)["zones"])


def test_a_new_page_gets_all_there_is() -> None:
    board = board_of([fare(1), fare(2)])
    assert changes(board, None) == {
        "taxi_type": "green",
        "clock": "2023-12-15T18:00",
        "read_ms": 0,
        "full": True,
        "zones": [[1, "2023-12-15T18:00", 1, "10.0000"], [2, "2023-12-15T18:00", 1, "10.0000"]],
        "gone": [],
    }


def test_a_page_that_is_there_gets_what_changed() -> None:
    board = board_of([fare(1), fare(2)], [fare(1), fare(2, trips=2)])
    assert zones(board, since=1) == [2]


def test_a_page_that_was_away_misses_nothing_and_gets_nothing_twice() -> None:
    """Each zone once, as it is now, however often it changed meanwhile.

    version   1          2          3          4
    zone 1    10.0 ───── 11.0 ───── 11.0 ───── 12.0
    zone 2    10.0 ───── 10.0 ───── 20.0 ───── 20.0
    zone 3    10.0 ───── 10.0 ───── 10.0 ───── 10.0
    """
    board = board_of(
        [fare(1), fare(2), fare(3)],
        [fare(1, average="11.0000"), fare(2), fare(3)],
        [fare(1, average="11.0000"), fare(2, average="20.0000"), fare(3)],
        [fare(1, average="12.0000"), fare(2, average="20.0000"), fare(3)],
    )
    assert zones(board, since=1) == [1, 2]
    assert zones(board, since=2) == [1, 2]
    assert zones(board, since=3) == [1]


def test_looks_that_find_nothing_new_are_no_news() -> None:
    assert board_of([fare(1)], [fare(1)], [fare(1)]).version == 1


def test_a_zone_whose_last_window_is_older_than_an_hour_is_gone() -> None:
    board = board_of([fare(1), fare(2)], [fare(1), fare(2, minutes=60)], [fare(1), fare(2, minutes=61)])
    assert changes(board, since=2)["gone"] == [1]
    assert zones(board, None) == [2]


def test_empty_tables_take_everything_away() -> None:
    board = board_of([fare(1)], [])
    assert (changes(board, since=1)["gone"], changes(board, since=1)["clock"]) == ([1], None)


def test_an_event_id_begins_with_the_windows_end_and_says_where_to_go_on() -> None:
    board = board_of([fare(1)], [fare(1, minutes=1)])
    assert board.event_id == "2023-12-15T18:01~green.run-2"
    assert board.served_until(Position.of_event_id(board.event_id)) == 2


@pytest.mark.parametrize(
    "event_id",
    ["", "2023-12-15T18:01", "~green.run-", "~green.run-x", "~green.other-1", "~green.run-3", "~-1"],
)
def test_an_event_id_of_elsewhere_gets_all_there_is(event_id: str) -> None:
    assert board_of([fare(1)]).served_until(Position.of_event_id(event_id)) is None


def test_the_speed_is_event_time_by_time() -> None:
    clock = Clock()
    for second in range(10):
        clock.note(SIX + timedelta(minutes=second), wall_seconds=second)
    assert clock.speed(9) == 60
    assert clock.speed(60) == 0


def test_the_speed_of_a_clock_that_was_seen_once_is_not_known() -> None:
    clock = Clock()
    clock.note(SIX, wall_seconds=0)
    assert clock.speed(1) is None


def test_a_position_in_another_taxi_type_is_none_here() -> None:
    """Both boards begin with the server, and their versions are alike."""
    other = Board("yellow", "run")
    other.update([fare(1)], wall_seconds=0, wall_ms=0)
    assert board_of([fare(1)]).served_until(Position.of_event_id(other.event_id)) is None
