"""Partitions are dealt out to lanes; each publishes what is its own, from where it left off."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.publishing.lanes import lanes_of
from producer.publishing.pace import AS_FAST_AS_POSSIBLE, Pace
from producer.publishing.playback import ahead
from producer.publishing.publisher import NEVER, Lane, Records

pytestmark = pytest.mark.unit


@given(next_rows=st.lists(st.integers(0, 10**9), min_size=1, max_size=20), count=st.integers(1, 30))
def test_every_partition_is_in_exactly_one_lane_with_its_own_row(next_rows: list[int], count: int) -> None:
    lanes = lanes_of(next_rows, count)
    dealt = [item for lane in lanes for item in lane.next_rows.items()]
    assert sorted(dealt) == list(enumerate(next_rows))
    assert len(lanes) == min(count, len(next_rows))
    assert all(lane.next_row == min(lane.next_rows.values()) for lane in lanes)


def test_a_partition_of_another_lane_is_never_filled() -> None:
    assert Lane({0: 5, 2: 7}).first_rows(3).tolist() == [5, NEVER, 7]


def records(end_row: int) -> Records:
    return Records([], [], [], [], [], np.zeros(0, dtype=np.int64), end_row)


def test_batches_that_are_made_ahead_keep_their_order() -> None:
    assert [batch.end_row for batch in ahead(map(records, range(50)), 3)] == list(range(50))


def test_what_fails_ahead_fails_in_its_turn() -> None:
    def generated() -> Iterator[Records]:
        yield records(1)
        raise ValueError("the second")

    batches = ahead(generated(), 3)
    assert next(batches).end_row == 1
    with pytest.raises(ValueError, match="the second"):
        next(batches)


def test_a_row_that_comes_next_is_known_within_and_behind_a_batch() -> None:
    #  rows of this lane: 3, 5 │ the batch ends before row 9
    batch = Records([b""] * 2, [b""] * 2, [0, 0], [0, 0], [0, 0], np.array([3, 5]), 9)
    assert [batch.row_of(index) for index in range(3)] == [3, 5, 9]


def test_a_replay_at_full_speed_is_always_due() -> None:
    assert Pace(AS_FAST_AS_POSSIBLE).pacer(0, 0.0).event_at(0.0) == float("inf")


def test_a_live_replay_begins_at_the_present_wherever_it_stands() -> None:
    behind = Pace(1.0, is_live=True).pacer(clock_ms=0, wall=100.0)
    assert behind.event_start_ms > 1_700_000_000_000
