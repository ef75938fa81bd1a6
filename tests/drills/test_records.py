"""What can be wrong with the records themselves: each drill publishes a replay's records in another way."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from control_plane.jobs import lifecycle as job
from schemas.jobs import DEFAULT_JOB as JOB
from schemas.topics import TRIPS_TOPIC
from stack.services.flink import TASKMANAGER
from tests.drills.drill import TASKMANAGER_SECONDS, Drill
from tests.drills.faults import kill
from tests.drills.rehearsal import at, in_order, publish
from tests.drills.test_kills import restarted_after
from tests.poison import STRANGE_SCHEMA, headers, poison, published_dead_letters
from tests.producer.topics import Record
from tests.records import register, schema_id
from tests.waiting import wait_for

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
MAX_DISORDER_MS = MINUTE_MS
ODDITIES = {
    # Pickup, drop-off: two years that are not the file's, and a ride that ends before it begins; then rides
    # that jump over the hour that is not there, or begin or end within it; then the clock that is set back.
    "2024-03": [
        ("2008-12-31 23:55:00", "2009-01-01 00:05:00"),
        ("2041-08-17 10:00:00", "2041-08-17 10:10:00"),
        ("2024-03-10 12:10:00", "2024-03-10 12:00:00"),
        ("2024-03-10 01:55:00", "2024-03-10 03:05:00"),
        ("2024-03-10 01:55:00", "2024-03-10 02:05:00"),
        ("2024-03-10 02:30:00", "2024-03-10 03:10:00"),
    ],
    "2024-11": [
        ("2008-12-31 23:55:00", "2009-01-01 00:05:00"),
        ("2041-08-17 10:00:00", "2041-08-17 10:10:00"),
        ("2024-11-03 01:50:00", "2024-11-03 01:05:00"),
        ("2024-11-03 01:50:00", "2024-11-03 01:55:00"),
        ("2024-11-03 01:20:00", "2024-11-03 01:35:00"),
        ("2024-11-03 00:50:00", "2024-11-03 01:10:00"),
    ],
}
DELAYS_MS = (90 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 120 * MINUTE_MS)


@pytest.mark.drill("poison")
@pytest.mark.short
def test_poison_at_the_first_the_middle_and_the_last_offset_stops_nothing(drill: Drill) -> None:
    month = drill.month()
    kinds = poison(schema_id(drill.platform), register(drill.platform, "strangers-value", STRANGE_SCHEMA))
    for partition in drill.records(month):
        middle = len(partition) // 2
        first, half, last = partition[0], partition[middle], partition[-1]
        publish(drill.platform, poisoned(kinds, first))
        publish(drill.platform, partition[:middle])
        publish(drill.platform, poisoned(kinds, half))
        publish(drill.platform, partition[middle:])
        publish(drill.platform, poisoned(kinds, last))
    drill.assert_exact(month.oracle)
    expected = Counter(kinds * 3 * 2)
    assert Counter(drill.platform.query("select error_class, payload from taxi.dead_letters")) == expected
    assert drill.status().restarts.count == 0
    # The topic has the same letters, each under its address.
    letters = published_dead_letters(drill.platform)
    assert Counter((headers(one)["error_class"].decode(), one.value()) for one in letters) == expected
    addresses = "select concat_ws('/', topic, partition, kafka_offset) from taxi.dead_letters"
    assert {one.key().decode() for one in letters} == {one for (one,) in drill.platform.query(addresses)}
    listed = json.loads(drill.taxi("dead-letters", "list", "--json", "-n", "0").stdout)
    counted = {count["error_class"]: count["letters"] for count in listed["classes"]}
    assert counted == Counter(kind for kind, _ in expected.elements())


def poisoned(kinds: Sequence[tuple[str, bytes | None]], beside: Record) -> list[Record]:
    """One record of each kind, on the partition and at the event clock of another."""
    return [replace(beside, key=b"", value=value) for _, value in kinds]


@pytest.mark.drill("out-of-order")
def test_trips_up_to_a_minute_out_of_order_are_all_on_time(drill: Drill) -> None:
    month, draw = drill.month(), random.Random(drill.seed)  # noqa: S311 - no secret
    for partition in drill.records(month):
        publish(drill.platform, delayed(partition, lambda: draw.randrange(MAX_DISORDER_MS)))
    drill.assert_exact(month.oracle)
    assert late_and_duplicates(drill) == (0, 0)


@pytest.mark.drill("late")
@pytest.mark.short
def test_trips_that_come_minutes_or_hours_late_correct_their_windows_once(drill: Drill) -> None:
    # One trip in ten comes late: by 90 s, when its minute has perhaps not closed yet, 2 min, 10 min or 2 h.
    month, draw = drill.month(), random.Random(drill.seed)  # noqa: S311 - no secret
    late: set[str] = set()
    for partition in drill.records(month):
        arrivals = delayed(partition, lambda: draw.choice(DELAYS_MS) if draw.random() < 0.1 else 0)
        late |= came_after_their_minute(partition, arrivals)
        publish(drill.platform, arrivals)
    drill.assert_exact(month.oracle)
    late &= {str(trip_id) for (trip_id,) in month.oracle.valid_trips().project("trip_id").fetchall()}
    served = drill.platform.query("select trip_id::text from taxi.late_trips")
    assert {trip_id for (trip_id,) in served} == late
    assert late_and_duplicates(drill) == (len(late), 0)
    assert late


def delayed(partition: Sequence[Record], delay_ms: Callable[[], int]) -> list[Record]:
    """Each trip comes so much later than it ended; markers stay where they were."""
    moved = [one if one.is_marker else at(one, one.timestamp_ms + delay_ms()) for one in partition]
    return sorted(moved, key=lambda one: one.timestamp_ms)


def came_after_their_minute(planned: Sequence[Record], arrivals: Sequence[Record]) -> set[str]:
    """The trips whose minute was over, and a minute of grace too, when they came."""
    ended_ms = {one.key: one.timestamp_ms for one in planned}
    return {
        one.key.decode()
        for one in arrivals
        if not one.is_marker
        and (ended_ms[one.key] // MINUTE_MS + 1) * MINUTE_MS - 1 <= one.timestamp_ms - MAX_DISORDER_MS
    }


def late_and_duplicates(drill: Drill) -> tuple[int, int]:
    """How many trips were late, and how many had come before."""
    entries = drill.platform.balanced_ledger().entries
    green = next(entry for entry in entries if entry.taxi_type == "green")
    return green.late, green.duplicates


@pytest.mark.drill("duplicates")
def test_copies_beside_a_trip_and_across_a_restart_and_a_savepoint_count_once(drill: Drill) -> None:
    # first third, each tenth trip twice | kill -9 | copies, second third | savepoint | copies, last third
    month, draw = drill.month(), random.Random(drill.seed)  # noqa: S311 - no secret
    everything = in_order(drill.records(month))
    third = len(everything) // 3
    first, second, last = everything[:third], everything[third : 2 * third], everything[2 * third :]
    twice = [one for one in first for _ in range(1 + (not one.is_marker and draw.random() < 0.1))]
    publish(drill.platform, twice)
    wait_for(lambda: drill.status().records_read == len(twice), what="the first third")
    killed_at = time.time()
    kill(drill.platform, TASKMANAGER)
    repeated = copies(first, draw, first[-1].timestamp_ms)
    publish(drill.platform, [*repeated, *second])
    drill.recovers(within=TASKMANAGER_SECONDS, missed=restarted_after(killed_at))
    job.end(drill.platform.endpoints, JOB)
    repeated_again = copies(first + second, draw, second[-1].timestamp_ms)
    publish(drill.platform, [*repeated_again, *last])
    job.start(drill.platform.endpoints, JOB)
    drill.assert_exact(month.oracle)
    sent_twice = len(twice) - len(first) + len(repeated) + len(repeated_again)
    assert late_and_duplicates(drill) == (0, sent_twice)


def copies(trips: Sequence[Record], draw: random.Random, clock_ms: int) -> list[Record]:
    """Some trips once more, at the event clock where the stream is now."""
    return [at(one, clock_ms) for one in trips if not one.is_marker and draw.random() < 0.1]


@pytest.mark.drill("hot-zone")
def test_nine_trips_in_ten_from_one_zone_are_all_served(drill: Drill) -> None:
    month = drill.month(hot_zone="74:0.9")
    for partition in drill.records(month):
        publish(drill.platform, partition)
    drill.assert_exact(month.oracle)
    (share,) = drill.platform.query(
        "select count(*) filter (where pickup_zone_id = 74) * 1.0 / count(*) from taxi.trips"
    )[0]
    assert share > 0.85


@pytest.mark.drill("idle-partition")
@pytest.mark.short
def test_a_partition_that_stays_idle_holds_windows_back_and_loses_none(drill: Drill) -> None:
    # partition 0  ├─ everything ─┤
    # partition 1  ├ its first trip      nothing for a while      ├─ the rest ─┤
    month = drill.month()
    busy, idle = drill.records(month)
    begun = next(number for number, one in enumerate(idle) if not one.is_marker) + 1
    publish(drill.platform, [*busy, *idle[:begun]])
    wait_for(lambda: drill.status().records_read == len(busy) + begun, what="all of it to be read")
    shown = wait_for(lambda: standing_still(drill), what="the verdict")
    assert f"held by partition {TRIPS_TOPIC}-1, which gets neither trips nor markers" in shown
    publish(drill.platform, idle[begun:])
    drill.assert_exact(month.oracle)
    assert late_and_duplicates(drill) == (0, 0)


def standing_still(drill: Drill) -> str:
    """What `./taxi job status` says when it has found out."""
    shown = drill.taxi("job", "status").stdout
    return shown if "neither trips nor markers" in shown else ""


@pytest.mark.drill("slow-partition")
def test_a_partition_that_comes_in_small_pieces_holds_windows_back_and_loses_none(drill: Drill) -> None:
    month = drill.month()
    fast, slow = drill.records(month)
    publish(drill.platform, fast)
    piece = len(slow) // 20
    for start in range(0, len(slow), piece):
        publish(drill.platform, slow[start : start + piece])
        read = len(fast) + min(start + piece, len(slow))
        wait_for(lambda read=read: drill.status().records_read >= read, what="the piece")  # type: ignore[misc]
    drill.assert_exact(month.oracle)
    assert late_and_duplicates(drill) == (0, 0)


@pytest.mark.drill("clocks")
@pytest.mark.parametrize(
    ("name", "days"),
    [
        # 02:00 to 03:00 on 10 March 2024 does not exist, 01:00 to 02:00 on 3 November comes twice.
        pytest.param("2024-03", (9, 10), id="spring"),
        pytest.param("2024-11", (2, 3), id="autumn"),
    ],
)
def test_wild_clocks_and_nights_of_another_length_change_no_other_row(
    drill: Drill, name: str, days: tuple[int, int]
) -> None:
    month = drill.month(name=name, days=days, oddities=ODDITIES[name])
    for partition in drill.records(month):
        publish(drill.platform, partition)
    drill.assert_exact(month.oracle)
    found = drill.platform.query("select unnest(rules) from taxi.quarantined_trips")
    broken = Counter(rule for (rule,) in found)
    assert broken["outside_source_month"] >= 2
    assert broken["dropoff_not_after_pickup"] >= 1
    assert late_and_duplicates(drill) == (0, 0)
