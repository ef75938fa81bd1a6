"""What people read of any history of writes, beside sums over its trips that are taken here trip by trip.

Trips end just before, on and just after the edges of minutes, quarters, hours, days and months. They are
written in batches, in any order, and again.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from control_plane.sink import table_sets as tables
from control_plane.sink.table_sets import FIRST_SET
from stack import database
from stack.endpoints import Endpoints

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[tuple[Any, ...]]
Window = tuple[str, int, datetime]
Fares = dict[Window, tuple[int, int]]

FILE_SET = "taxi_file_test"
"""A set that is filled from a file alone."""
DECEMBER, JANUARY, FEBRUARY = date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1)
MINUTE, QUARTER, FRESH = timedelta(minutes=1), timedelta(minutes=15), timedelta(minutes=60)
EDGES = {
    DECEMBER: (
        "2023-12-30 23:45:00",
        "2023-12-30 23:59:59.999",
        "2023-12-31 00:00:00",
        "2023-12-31 00:10:00",
    ),
    JANUARY: (
        "2023-12-31 00:00:01",  # a valid trip of January begins a day before it, and ends later
        "2023-12-31 00:05:00",
        "2024-01-10 10:45:00",
        "2024-01-10 10:59:59.999",
        "2024-01-10 11:00:00",
        "2024-01-10 11:00:00.001",
        "2024-01-10 11:14:59",
        "2024-01-10 11:15:00",
        "2024-01-10 23:59:59",
        "2024-01-31 23:59:30",
        "2024-02-01 00:00:00",
        "2024-02-02 23:59:59",  # it begins up to a day after January, and lasts up to another
    ),
    FEBRUARY: ("2024-01-31 00:10:00", "2024-01-31 23:59:30", "2024-02-01 00:00:00", "2024-02-03 00:00:00"),
}
TRIP_COLUMNS = (
    "trip_id, taxi_type, source_file, source_month, pickup_at, dropoff_at, pickup_zone_id, vendor_id,"
    " total_amount_cents"
)


@dataclass(frozen=True, order=True)
class Ride:
    """A valid trip; equal in all but the vendor are two records of one ride."""

    number: int
    taxi_type: str
    zone: int
    dropoff_at: datetime
    cents: int
    month: date
    vendor: int = 1

    @property
    def values(self) -> tuple[object, ...]:
        """In the order of TRIP_COLUMNS."""
        pickup_at = self.dropoff_at - timedelta(seconds=1)
        return (
            *(UUID(int=self.number), self.taxi_type, "file", self.month, pickup_at, self.dropoff_at),
            *(self.zone, self.vendor, self.cents),
        )

    @property
    def window_ends(self) -> list[datetime]:
        """The ends of the fifteen windows that hold it."""
        minute = self.dropoff_at.replace(second=0, microsecond=0)
        return [minute + number * MINUTE for number in range(1, 16)]


@dataclass(frozen=True)
class LateArrival:
    """A record of a ride that came when its minute had closed."""

    ride: Ride
    offset: int
    arrived_at: datetime

    @property
    def address(self) -> tuple[datetime, str, int, int]:
        """What is first comes first."""
        return (self.arrived_at, "trips", self.offset % 2, self.offset)


@dataclass(frozen=True)
class History:
    """What a stream brings: each ride on time, late, or both, and copies of it."""

    on_time: tuple[Ride, ...]
    arrivals: tuple[LateArrival, ...]
    repeats: Mapping[Ride, int]
    draw: random.Random

    @property
    def late(self) -> list[Ride]:
        """The rides that never came on time."""
        return sorted({arrival.ride for arrival in self.arrivals} - set(self.on_time))

    @property
    def rides(self) -> list[Ride]:
        """All that the stream knows."""
        return [*self.on_time, *self.late]

    def writes(self) -> list[tuple[Ride, ...] | tuple[LateArrival, ...]]:
        """Batches of the job's two writers, in any order between them; some are written twice."""
        batches: list[tuple[Ride, ...] | tuple[LateArrival, ...]] = [
            *_batches(self.on_time, self.draw),
            *_batches(self.arrivals, self.draw),
        ]
        batches += self.draw.sample(batches, len(batches) // 3)
        self.draw.shuffle(batches)
        return batches


def drawn(seed: int) -> History:
    """A history of a score of rides of two taxi types in two zones."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    rides = [_ride(draw, number) for number in range(1, 21)]
    fates = [draw.choice(("on time", "late", "both")) for _ in rides]
    on_time = [ride for ride, fate in zip(rides, fates, strict=True) if fate != "late"]
    late = [ride for ride, fate in zip(rides, fates, strict=True) if fate != "on time"]
    copies = [ride for ride in late for _ in range(draw.randint(1, 3))]
    draw.shuffle(copies)
    began_at = datetime.fromisoformat("2024-03-01 12:00")
    arrivals = (
        # Several have the same clock: then the address decides which was first.
        LateArrival(ride, offset, began_at + draw.randint(0, 2) * MINUTE)
        for offset, ride in enumerate(copies)
    )
    repeats = {ride: draw.randint(1, 3) for ride in draw.sample(on_time, len(on_time) // 3)}
    return History(tuple(on_time), tuple(arrivals), repeats, draw)


def _ride(draw: random.Random, number: int) -> Ride:
    month = draw.choice((DECEMBER, JANUARY, JANUARY, JANUARY, FEBRUARY))
    return Ride(
        number,
        draw.choice(("green", "green", "green", "yellow")),
        draw.choice((74, 74, 75)),
        datetime.fromisoformat(draw.choice(EDGES[month])),
        draw.randint(1, 100_000),
        month,
    )


def _batches(items: Sequence[Any], draw: random.Random) -> Iterator[tuple[Any, ...]]:
    left = list(items)
    while left:
        size = draw.randint(1, 5)
        yield tuple(left[:size])
        del left[:size]


def fares_of(rides: Iterable[Ride], sign: int = 1) -> Fares:
    """Trips and cents of each window, added up ride by ride."""
    sums: dict[Window, list[int]] = defaultdict(lambda: [0, 0])
    for ride in rides:
        for end in ride.window_ends:
            window = sums[ride.taxi_type, ride.zone, end]
            window[0] += sign
            window[1] += sign * ride.cents
    return {window: (trips, cents) for window, (trips, cents) in sums.items()}


def insert(
    connection: Connection, table: str, columns: str, rows: Sequence[Sequence[object]], key: str
) -> None:
    """One statement for all rows, as the job's writers have it: an upsert by the key."""
    names = columns.replace(" ", "").split(",")
    row = f"({', '.join(['%s'] * len(names))})"
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    connection.execute(
        f"insert into {table} ({columns}) values {', '.join([row] * len(rows))}"
        f" on conflict ({key}) do update set {changes}".encode(),
        [value for values in rows for value in values],
    )


def write_on_time(connection: Connection, rides: Sequence[Ride], table_set: str = FIRST_SET) -> None:
    """What the job writes of trips that came on time."""
    insert(
        connection,
        f"{table_set}.all_trips",
        f"{TRIP_COLUMNS}, on_time",
        [(*ride.values, True) for ride in rides],
        "trip_id, dropoff_at",
    )


def write_late(connection: Connection, arrivals: Sequence[LateArrival]) -> None:
    """What the job writes of trips that came late."""
    insert(
        connection,
        f"{FIRST_SET}.late_arrivals",
        f"topic, partition, kafka_offset, arrived_at, {TRIP_COLUMNS}",
        [(*one.address[1:], one.arrived_at, *one.ride.values) for one in arrivals],
        "topic, partition, kafka_offset",
    )


def write_windows(connection: Connection, rides: Iterable[Ride], table_set: str = FIRST_SET) -> None:
    """What the job writes of the windows of these trips."""
    rows = [(*window, trips, cents) for window, (trips, cents) in fares_of(rides).items()]
    columns = "taxi_type, pickup_zone_id, window_end, trips, total_amount_cents"
    insert(connection, f"{table_set}.on_time_windows", columns, rows, "taxi_type, pickup_zone_id, window_end")


def write(connection: Connection, history: History) -> None:
    """All that the job writes of a history."""
    write_batches(connection, history.writes())
    write_windows(connection, history.on_time)


def write_batches(
    connection: Connection, batches: Iterable[tuple[Ride, ...] | tuple[LateArrival, ...]]
) -> None:
    for batch in batches:
        rides = [item for item in batch if isinstance(item, Ride)]
        arrivals = [item for item in batch if isinstance(item, LateArrival)]
        if rides:
            write_on_time(connection, rides)
        if arrivals:
            write_late(connection, arrivals)


def dollars(cents: int, trips: int) -> Decimal:
    """The average of a window, rounded once to a hundredth of a cent."""
    return (Decimal(cents) / (100 * trips)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def read_fares(connection: Connection, table: str) -> Fares:
    rows = connection.execute(
        f"select taxi_type, pickup_zone_id, window_end, trips, total_amount_cents, window_start from {table}"
    ).fetchall()
    assert all(row[2] - row[5] == QUARTER for row in rows)
    found = {(row[0], row[1], row[2]): (int(row[3]), int(row[4])) for row in rows}
    assert len(found) == len(rows)
    return found


def read_trips(connection: Connection, table_set: str = "taxi") -> dict[int, tuple[bool | None, int]]:
    rows = connection.execute(f"select trip_id, on_time, vendor_id from {table_set}.trips").fetchall()
    return {trip_id.int: (on_time, vendor) for trip_id, on_time, vendor in rows}


WRITTEN_TABLES = (
    *("all_trips", "on_time_windows", "late_fares_15m", "published_fares_15m", "publications"),
    *("late_arrivals", "repeated_arrivals", "quarantined_arrivals", "dead_letters", "received_records"),
)
SOMETHING_WRITTEN = " or ".join(f"exists (select from {FIRST_SET}.{name})" for name in WRITTEN_TABLES)


@pytest.fixture(scope="module")
def emptied(stack: Endpoints) -> Endpoints:
    """A stack whose served tables are empty. To empty hundreds of partitions takes a second, empty or not."""
    if database.query(stack.postgres_dsn, f"select {SOMETHING_WRITTEN}").rows != [(False,)]:
        tables.empty(stack.postgres_dsn, FIRST_SET)
    return stack


@pytest.fixture(scope="module")
def file_set(emptied: Endpoints) -> Iterator[None]:
    """A set that is filled from files, beside the served one."""
    tables.set_up(emptied.postgres_dsn, FILE_SET)
    yield
    tables.drop(emptied.postgres_dsn, FILE_SET)


@pytest.fixture
def empty(emptied: Endpoints) -> Iterator[Connection]:
    """Empty tables, in a transaction that is never committed."""
    with psycopg.connect(emptied.postgres_dsn) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def beside_files(file_set: None, empty: Connection) -> Connection:
    """The same with an empty set beside them."""
    return empty


SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_windows_are_the_sums_over_their_trips_whatever_is_written_first_or_again(
    empty: Connection, seed: int
) -> None:
    history = drawn(seed)
    write(empty, history)
    assert read_fares(empty, "taxi_1.late_fares_15m") == fares_of(history.late)
    assert read_fares(empty, "taxi.zone_fares_15m") == fares_of(history.rides)
    assert_averages_are_of(empty, fares_of(history.rides))
    on_time = dict.fromkeys((ride.number for ride in history.on_time), (True, 1))
    assert read_trips(empty) == on_time | dict.fromkeys((ride.number for ride in history.late), (False, 1))


def assert_averages_are_of(connection: Connection, fares: Fares) -> None:
    """What a trip costs on average in each window, rounded once."""
    averages = connection.execute(
        "select taxi_type, pickup_zone_id, window_end, avg_total_amount from taxi.zone_fares_15m"
    )
    assert {row[:3]: row[3] for row in averages.fetchall()} == {
        window: dollars(cents, trips) for window, (trips, cents) in fares.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_each_late_trip_is_listed_once_with_its_first_arrival_and_its_fifteen_windows(
    empty: Connection, seed: int
) -> None:
    history = drawn(seed)
    write(empty, history)
    firsts = {
        ride: min((one for one in history.arrivals if one.ride == ride), key=lambda one: one.address)
        for ride in history.late
    }
    listed = empty.execute(
        "select trip_id, lateness, windows_corrected, arrived_at, topic, partition, kafka_offset"
        " from taxi.late_trips"
    )
    assert sorted(listed.fetchall()) == sorted(
        (UUID(int=ride.number), first.arrived_at - ride.dropoff_at, 15, *first.address)
        for ride, first in firsts.items()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_late_trip_that_is_removed_leaves_its_windows(empty: Connection, seed: int) -> None:
    history = drawn(seed)
    write(empty, history)
    removed = history.late[::2]
    empty.execute(
        "delete from taxi_1.all_trips where trip_id = any(%s)", [[UUID(int=ride.number) for ride in removed]]
    )
    left = [ride for ride in history.late if ride not in removed]
    assert read_fares(empty, "taxi_1.late_fares_15m") == fares_of(left)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_newest_closed_window_of_a_zone_is_shown(empty: Connection, seed: int) -> None:
    history = drawn(seed)
    write(empty, history)
    assert_newest_windows_are_shown(empty, clocks_of(history.on_time), fares_of(history.rides))


def clocks_of(rides: Iterable[Ride]) -> dict[str, datetime]:
    """By taxi type the end of the newest window."""
    clocks: dict[str, datetime] = {}
    for taxi_type, _, end in fares_of(rides):
        clocks[taxi_type] = max(end, clocks.get(taxi_type, end))
    return clocks


def assert_newest_windows_are_shown(
    connection: Connection, clocks: Mapping[str, datetime], fares: Fares
) -> None:
    """A window is closed when it ends no later than the clock of its taxi type; it is fresh for an hour."""
    expected = {}
    for (taxi_type, zone, end), (trips, cents) in sorted(fares.items()):
        if taxi_type in clocks and clocks[taxi_type] - FRESH <= end <= clocks[taxi_type]:
            expected[taxi_type, zone] = (end - QUARTER, end, trips, cents, dollars(cents, trips))
    rows = connection.execute(
        "select taxi_type, pickup_zone_id, window_start, window_end, trips, total_amount_cents,"
        " avg_total_amount, (now.zone_name, now.borough) = (zones.zone_name, zones.borough)"
        " from taxi.zone_fares_now as now inner join taxi.zones on zone_id = pickup_zone_id"
    ).fetchall()
    assert {row[:2]: row[2:7] for row in rows if row[0] in clocks} == expected
    assert {row[7] for row in rows} <= {True}


Account = tuple[str, datetime]


@dataclass
class Accounts:
    """The ledger by taxi type and hour, counted record by record."""

    counts: dict[str, Counter[Account]]

    @classmethod
    def of(cls, history: History) -> "Accounts":
        """What must stand there once all of a history is read and written."""
        late = set(history.late)
        duplicates: Counter[Account] = Counter()
        for arrival in history.arrivals:
            duplicates[_hour(arrival.ride)] += 1
        for ride in late:
            duplicates[_hour(ride)] -= 1
        for ride, repeats in history.repeats.items():
            duplicates[_hour(ride)] += repeats
        counts = {
            "windowed": Counter(map(_hour, history.on_time)),
            "late": Counter(map(_hour, late)),
            "duplicates": duplicates,
        }
        received: Counter[Account] = Counter()
        for counted in counts.values():
            received.update(counted)
        return cls({**counts, "received": received})

    def rows(self) -> list[tuple[object, ...]]:
        """As the ledger shows them when they balance."""
        names = ("received", "windowed", "late", "duplicates")
        return sorted(
            (*account, *(self.counts[name][account] for name in names), 0)
            for account in self.counts["received"]
        )


def _hour(ride: Ride) -> Account:
    return ride.taxi_type, ride.dropoff_at.replace(minute=0, second=0, microsecond=0)


def write_received(connection: Connection, history: History) -> None:
    """What the job counts as it reads, by quarters of an hour."""
    records: Counter[tuple[str, datetime, str]] = Counter()
    for ride in history.on_time:
        records[ride.taxi_type, _quarter(ride.dropoff_at), "on_time"] += 1 + history.repeats.get(ride, 0)
    for arrival in history.arrivals:
        records[arrival.ride.taxi_type, _quarter(arrival.ride.dropoff_at), "after_close"] += 1
    insert(
        connection,
        "taxi_1.received_records",
        "taxi_type, quarter_start, disposition, records",
        [(*key, count) for key, count in records.items()],
        "taxi_type, quarter_start, disposition",
    )
    repeated = [
        (UUID(int=ride.number), ride.taxi_type, ride.window_ends[0] - MINUTE, repeats)
        for ride, repeats in history.repeats.items()
    ]
    if repeated:
        columns = "trip_id, taxi_type, dropoff_minute, repeats"
        insert(connection, "taxi_1.repeated_arrivals", columns, repeated, "trip_id, dropoff_minute")


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def read_ledger(connection: Connection) -> list[tuple[Any, ...]]:
    return sorted(
        connection.execute(
            "select taxi_type, event_hour, received, windowed, late, duplicates, imbalance"
            " from taxi.trip_ledger"
        ).fetchall()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ledger_has_every_record_in_its_hour_and_balances(empty: Connection, seed: int) -> None:
    history = drawn(seed)
    write(empty, history)
    write_received(empty, history)
    assert read_ledger(empty) == Accounts.of(history).rows()


def test_the_ledger_has_records_that_are_no_trips_in_the_hour_of_their_arrival(empty: Connection) -> None:
    # 10:59  ride 1 breaks a rule        11:00  ride 1 again, ride 2 breaks a rule, no trip, two markers
    first, second = (datetime.fromisoformat(f"2024-01-10 {clock}") for clock in ("10:59", "11:00"))
    quarantined = [(0, first, 1), (1, second, 1), (2, second, 2)]
    insert(
        empty,
        "taxi_1.quarantined_arrivals",
        "topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, rules, source_file, source_month",
        [
            ("trips", 0, offset, at, UUID(int=ride), "green", ["missing_field"], "file", JANUARY)
            for offset, at, ride in quarantined
        ],
        "topic, partition, kafka_offset",
    )
    columns = "topic, partition, kafka_offset, arrived_at, error_class, error"
    letters = [("trips", 1, offset, second, "bad", "bad") for offset in (7, 8)]
    insert(empty, "taxi_1.dead_letters", columns, letters, "topic, partition, kafka_offset")
    insert(
        empty,
        "taxi_1.received_records",
        "taxi_type, quarter_start, disposition, records",
        [
            ("green", _quarter(first), "quarantined", 1),
            ("green", _quarter(second), "quarantined", 2),
            ("unknown", _quarter(second), "dead_letter", 3),
            ("unknown", _quarter(second), "progress_marker", 3),
            ("unknown", _quarter(second + QUARTER), "progress_marker", 2),
        ],
        "taxi_type, quarter_start, disposition",
    )
    ledger = empty.execute(
        "select taxi_type, event_hour, received, quarantined, duplicates, dead_letters, progress_markers,"
        " imbalance from taxi.trip_ledger order by 1, 2"
    )
    hour = datetime.fromisoformat("2024-01-10 10:00")
    assert ledger.fetchall() == [
        ("green", hour, 1, 1, 0, 0, 0, 0),
        ("green", second, 2, 1, 1, 0, 0, 0),
        ("unknown", second, 3, 0, 0, 2, 5, 1),  # of three letters that were read one is lost
    ]


@pytest.mark.parametrize("lost", ["windowed", "late", "duplicates"])
def test_a_record_that_is_lost_or_counted_twice_is_missed_in_its_hour(empty: Connection, lost: str) -> None:
    history = drawn(seed=3)
    write(empty, history)
    write_received(empty, history)
    change = {
        "windowed": "update taxi_1.on_time_windows set trips = trips + 1",
        "late": "update taxi_1.late_fares_15m set trips = trips + 1",
        "duplicates": "update taxi_1.repeated_arrivals set repeats = repeats + 1",
    }
    empty.execute(change[lost])
    off = [(row[-1], row[2] - sum(row[3:6])) for row in read_ledger(empty) if row[-1]]
    assert off
    assert all(imbalance == unaccounted < 0 for imbalance, unaccounted in off)


@dataclass(frozen=True)
class File:
    """The rides of January as a file has them; those that the stream knows too come from another vendor."""

    rides: tuple[Ride, ...]

    @classmethod
    def beside(cls, history: History, seed: int) -> "File":
        """Two thirds of what the stream has of January, half of it changed, and a few rides more."""
        draw = random.Random(1_000 + seed)  # noqa: S311 - no secret
        known = [ride for ride in history.rides if ride.month == JANUARY and ride.taxi_type == "green"]
        kept = draw.sample(known, 2 * len(known) // 3)
        changed = [_of_vendor(ride, draw.choice((1, 2))) for ride in kept]
        new = [_ride(draw, number) for number in range(101, 115)]
        added = [ride for ride in new if ride.month == JANUARY and ride.taxi_type == "green"]
        return cls(tuple(changed + added))

    def shown_beside(self, history: History) -> list[Ride]:
        """What people read once it is published: of green January the file, else the stream."""
        rest = [ride for ride in history.rides if not (ride.month == JANUARY and ride.taxi_type == "green")]
        return [*self.rides, *rest]


def _of_vendor(ride: Ride, vendor: int) -> Ride:
    return Ride(ride.number, ride.taxi_type, ride.zone, ride.dropoff_at, ride.cents, ride.month, vendor)


def fill(connection: Connection, rides: Sequence[Ride]) -> None:
    """Have the other set hold these rides and nothing else."""
    for table in ("all_trips", "on_time_windows"):
        connection.execute(f"delete from {FILE_SET}.{table}".encode())
    if rides:
        write_on_time(connection, rides, FILE_SET)
        write_windows(connection, rides, FILE_SET)


def publish(connection: Connection, seed: int, month: date = JANUARY) -> None:
    """Publish what the file's set holds of a green month: alone, or while the stream may write on."""
    values = [f"of {month}", FILE_SET, month, seed % 2 == 0]
    connection.execute("select taxi_1.publish_month(%s, %s, 'green', %s, %s)", values)


def undo(connection: Connection, month: date = JANUARY) -> None:
    """Undo it."""
    connection.execute("select taxi_1.undo_publication(%s, 'green', %s)", [f"of {month}", month])


def shown(connection: Connection) -> tuple[object, ...]:
    """All that people read, for comparison."""
    return (
        read_trips(connection),
        read_fares(connection, "taxi.zone_fares_15m"),
        read_fares(connection, "taxi_1.late_fares_15m"),
        read_fares(connection, "taxi_1.published_fares_15m"),
        read_ledger(connection),
        sorted(connection.execute("select trip_id, rules from taxi.quarantined_trips").fetchall()),
        sorted(connection.execute("select run, source_month from taxi.publications").fetchall()),
    )


def trips_of(history: History, file: File) -> dict[int, tuple[bool | None, int]]:
    """`on_time` and vendor of what is shown: whether a trip came on time is the stream's to say."""
    known = dict.fromkeys((ride.number for ride in history.on_time), True)
    known |= dict.fromkeys((ride.number for ride in history.late), False)
    rides = file.shown_beside(history)
    return {ride.number: (known.get(ride.number), ride.vendor) for ride in rides}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_published_month_shows_the_file_and_is_undone_whenever_it_is_published(
    beside_files: Connection, seed: int
) -> None:
    history = drawn(seed)
    file = File.beside(history, seed)
    fill(beside_files, file.rides)
    batches = history.writes()
    cut = history.draw.choice((0, history.draw.randint(0, len(batches)), len(batches)))
    with beside_files.transaction(force_rollback=True):
        write_batches(beside_files, batches)
        write_windows(beside_files, history.on_time)
        write_received(beside_files, history)
        unpublished = shown(beside_files)
    write_batches(beside_files, batches[:cut])
    publish(beside_files, seed)
    write_batches(beside_files, batches[cut:])
    write_windows(beside_files, history.on_time)
    write_received(beside_files, history)
    fares = fares_of(file.shown_beside(history))
    assert read_trips(beside_files) == trips_of(history, file)
    assert read_fares(beside_files, "taxi.zone_fares_15m") == fares
    assert_averages_are_of(beside_files, fares)
    assert read_ledger(beside_files) == Accounts.of(history).rows()
    assert_newest_windows_are_shown(beside_files, clocks_of(history.on_time), fares)
    undo(beside_files)
    assert shown(beside_files) == unpublished


@pytest.mark.parametrize("seed", SEEDS)
def test_the_newest_closed_window_of_a_zone_is_shown_whoever_counts_its_trips(
    beside_files: Connection, seed: int
) -> None:
    # Within half an hour in ten zones, so that newest windows are on time, late, added or emptied by a file.
    draw = random.Random(seed)  # noqa: S311 - no secret
    rides = [
        Ride(
            number,
            "green",
            draw.randint(70, 79),
            datetime.fromisoformat("2024-01-10 11:00") + draw.randint(0, 1_800) * timedelta(seconds=1),
            draw.randint(1, 100_000),
            JANUARY,
        )
        for number in range(1, 61)
    ]
    on_time, late, unknown = rides[:20], rides[20:40], rides[40:]
    of_yellow = [
        Ride(100 + ride.number, "yellow", *(ride.zone, ride.dropoff_at, ride.cents, JANUARY))
        for ride in unknown
    ]
    arrivals = tuple(
        LateArrival(ride, offset, datetime.fromisoformat("2024-03-01 12:00"))
        for offset, ride in enumerate(late)
    )
    write(beside_files, History(tuple(on_time), arrivals, {}, draw))
    assert_newest_windows_are_shown(beside_files, clocks_of(on_time), fares_of([*on_time, *late]))
    file = [*draw.sample([*on_time, *late], 20), *unknown, *of_yellow]
    fill(beside_files, file)
    publish(beside_files, seed)
    beside_files.execute(
        "select taxi_1.publish_month('yellow', %s, 'yellow', %s, false)", [FILE_SET, JANUARY]
    )
    # Of yellow nothing has come on time: what is published is all there is.
    clocks = clocks_of(on_time) | clocks_of(of_yellow)
    assert_newest_windows_are_shown(beside_files, clocks, fares_of(file))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_publications_change_is_a_sum_over_the_trips_whatever_one_statement_does(
    empty: Connection, seed: int
) -> None:
    # In two minutes of one zone, so that what one trip adds is taken away by another.
    draw = random.Random(seed)  # noqa: S311 - no secret
    states = [(on_time, withdrawn_by) for on_time in (True, False, None) for withdrawn_by in (None, 7)]
    rides: dict[Ride, tuple[bool | None, int | None]] = {}
    for number in range(1, 9):
        dropoff_at = datetime.fromisoformat(f"2024-01-10 11:0{number % 2}:30")
        ride = Ride(number, "green", 74, dropoff_at, draw.choice((100, 100, 250)), JANUARY)
        rides[ride] = (None, None)
    columns = f"{TRIP_COLUMNS}, on_time, withdrawn_by"
    for _ in range(4):
        rides = {ride: draw.choice(states) for ride in rides}
        rows = [(*ride.values, *state) for ride, state in rides.items()]
        insert(empty, "taxi_1.all_trips", columns, rows, "trip_id, dropoff_at")
        assert read_fares(empty, "taxi_1.published_fares_15m") == changed_by_publications(rides)
    removed = draw.sample(list(rides), 4)
    empty.execute(
        "delete from taxi_1.all_trips where trip_id = any(%s)", [[UUID(int=ride.number) for ride in removed]]
    )
    left = {ride: state for ride, state in rides.items() if ride not in removed}
    assert read_fares(empty, "taxi_1.published_fares_15m") == changed_by_publications(left)


def changed_by_publications(rides: Mapping[Ride, tuple[bool | None, int | None]]) -> Fares:
    """Plus each trip that the stream does not know, minus each that it knows and that is withdrawn."""
    added = fares_of(
        ride for ride, (on_time, withdrawn_by) in rides.items() if on_time is None and withdrawn_by is None
    )
    withdrawn = fares_of(
        (
            ride
            for ride, (on_time, withdrawn_by) in rides.items()
            if on_time is not None and withdrawn_by is not None
        ),
        sign=-1,
    )
    sums = {
        window: _plus(added.get(window, (0, 0)), withdrawn.get(window, (0, 0)))
        for window in added.keys() | withdrawn.keys()
    }
    return {window: changes for window, changes in sums.items() if changes != (0, 0)}


def test_of_a_published_month_only_the_files_quarantined_trips_are_shown(beside_files: Connection) -> None:
    # of the stream: 1 green January, 2 green February, 3 yellow January │ of the file: 4 green January
    quarantine(beside_files, 1, JANUARY, table_set=FIRST_SET)
    quarantine(beside_files, 2, FEBRUARY, table_set=FIRST_SET)
    quarantine(beside_files, 3, JANUARY, table_set=FIRST_SET, taxi_type="yellow")
    quarantine(beside_files, 4, JANUARY)
    shown_ids = "select trip_id from taxi.quarantined_trips order by 1"
    assert [row[0].int for row in beside_files.execute(shown_ids).fetchall()] == [1_001, 1_002, 1_003]
    publish(beside_files, 0)
    assert [row[0].int for row in beside_files.execute(shown_ids).fetchall()] == [1_002, 1_003, 1_004]
    undo(beside_files)
    assert [row[0].int for row in beside_files.execute(shown_ids).fetchall()] == [1_001, 1_002, 1_003]


@pytest.mark.parametrize("seed", SEEDS)
def test_undoing_one_month_leaves_what_is_published_of_another(beside_files: Connection, seed: int) -> None:
    history = drawn(seed)
    months = dict.fromkeys((JANUARY, FEBRUARY))
    rides = [_ride(history.draw, number) for number in range(101, 121)]
    fill(beside_files, [ride for ride in rides if ride.taxi_type == "green" and ride.month in months])
    for number, month in enumerate(months):
        quarantine(beside_files, number, month)
    write(beside_files, history)
    unpublished = shown(beside_files)
    with beside_files.transaction(force_rollback=True):
        publish(beside_files, seed, FEBRUARY)
        only_february = shown(beside_files)
    for month in history.draw.sample(list(months), 2):
        publish(beside_files, seed, month)
    assert shown(beside_files) != only_february
    undo(beside_files)
    assert shown(beside_files) == only_february
    undo(beside_files, FEBRUARY)
    assert shown(beside_files) == unpublished


def quarantine(
    connection: Connection,
    number: int,
    month: date,
    *,
    table_set: str = FILE_SET,
    taxi_type: str = "green",
) -> None:
    """Have a set hold a trip that breaks a rule."""
    columns = (
        "topic, partition, kafka_offset, arrived_at, trip_id, taxi_type, rules, source_file, source_month"
    )
    row = ("trips", 0, number, month, UUID(int=1_000 + number), taxi_type, ["missing_field"], "file", month)
    insert(connection, f"{table_set}.quarantined_arrivals", columns, [row], "topic, partition, kafka_offset")


@pytest.mark.parametrize("seed", [0, 1])
def test_a_publication_withdraws_what_the_stream_has_committed(
    emptied: Endpoints, file_set: None, seed: int
) -> None:
    kept, gone = (
        Ride(number, "green", 74, datetime.fromisoformat("2024-01-10 11:00"), 100, JANUARY)
        for number in (1, 2)
    )
    with psycopg.connect(emptied.postgres_dsn) as connection:
        fill(connection, [kept])
        write_on_time(connection, [kept, gone])
    try:
        with psycopg.connect(emptied.postgres_dsn) as connection:
            publish(connection, seed)
            assert read_trips(connection) == {1: (True, 1)}
            connection.rollback()
    finally:
        with psycopg.connect(emptied.postgres_dsn) as connection:
            fill(connection, [])
            connection.execute("delete from taxi_1.all_trips")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_publication_says_how_many_trips_it_added_withdrew_and_changed(
    beside_files: Connection, seed: int
) -> None:
    history = drawn(seed)
    file = File.beside(history, seed)
    fill(beside_files, file.rides)
    write(beside_files, history)
    publish(beside_files, seed)
    counts = beside_files.execute("select added, withdrawn, changed from taxi.publications").fetchone()
    ours = {ride.number: ride for ride in history.rides if (ride.month, ride.taxi_type) == (JANUARY, "green")}
    theirs = {ride.number: ride for ride in file.rides}
    changed = sum(ours[number] != theirs[number] for number in ours.keys() & theirs.keys())
    assert counts == (len(theirs.keys() - ours.keys()), len(ours.keys() - theirs.keys()), changed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_comparison_counts_windows_and_trips_as_they_are_counted_here(
    beside_files: Connection, seed: int
) -> None:
    history = drawn(seed)
    file = File.beside(history, seed)
    # The other set also holds rides of its neighbours, which are none of this month.
    neighbours = [ride for ride in history.rides if ride.month != JANUARY and ride.taxi_type == "green"]
    fill(beside_files, (*file.rides, *neighbours[::2]))
    write(beside_files, history)
    ours = {ride.number: ride for ride in history.rides if (ride.month, ride.taxi_type) == (JANUARY, "green")}
    theirs = {ride.number: ride for ride in file.rides}
    both = ours.keys() & theirs.keys()
    equal_trips = sum(ours[number] == theirs[number] for number in both)
    here, there = fares_of(ours.values()), fares_of(theirs.values())
    windows = here.keys() | there.keys()
    equal = sum(here.get(window) == there.get(window) for window in windows)
    compared = compare(beside_files, "served")
    assert compared[:3] == (equal, len(windows) - equal, 0)
    assert compared[3:7] == (
        equal_trips,
        len(both) - equal_trips,
        len(ours) - len(both),
        len(theirs) - len(both),
    )
    assert compared[7] == []

    # What the windows of the job hold: all but the late trips, whose lack explains a difference.
    written = fares_of(ride for ride in ours.values() if ride in history.on_time)
    lack = fares_of(ours[number] for number in both if ours[number] in history.late)
    windows = written.keys() | there.keys()
    equal = sum(written.get(window) == there.get(window) for window in windows)
    explained = sum(
        written.get(window) != there.get(window)
        and _plus(written.get(window, (0, 0)), lack.get(window, (0, 0))) == there.get(window)
        for window in windows
    )
    beside_stream = compare(beside_files, "stream")
    assert beside_stream[:3] == (equal, explained, len(windows) - equal - explained)
    assert beside_stream[3:7] == compared[3:7]
    assert len(beside_stream[7]) == min(5, beside_stream[2])


@pytest.mark.parametrize("seed", range(16))
def test_a_window_that_its_trips_do_not_explain_is_unexplained(beside_files: Connection, seed: int) -> None:
    history = drawn(seed)
    file = File.beside(history, seed)
    fill(beside_files, file.rides)
    write(beside_files, history)
    before = compare(beside_files, "served")
    ours = [ride for ride in history.rides if (ride.month, ride.taxi_type) == (JANUARY, "green")]
    here, there = fares_of(ours), fares_of(file.rides)
    windows = sorted(fares_of(ride for ride in ours if ride in history.on_time))
    equal = [window for window in windows if here[window] == there.get(window)]
    _, zone, end = history.draw.choice(equal or windows)
    trips, cents = ((1, 0), (0, 1), (0, -1), (1, 1))[seed % 4]
    beside_files.execute(
        "update taxi_1.on_time_windows set trips = trips + %s, total_amount_cents = total_amount_cents + %s"
        " where taxi_type = 'green' and pickup_zone_id = %s and window_end = %s",
        [trips, cents, zone, end],
    )
    after = compare(beside_files, "served")
    assert (after[2], sum(after[:3])) == (1, sum(before[:3]))
    (example,) = after[7]
    assert example.startswith(f"zone {zone}, window to {end}: ")


def _plus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def compare(connection: Connection, our_side: str) -> tuple[Any, ...]:
    """What a comparison of green January with the other set says."""
    row = connection.execute(
        "select * from taxi_1.compare_month(%s, 'green', %s, %s)", [FILE_SET, JANUARY, our_side]
    ).fetchone()
    assert row is not None
    return row
