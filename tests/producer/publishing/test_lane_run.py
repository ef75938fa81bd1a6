"""What a lane puts on its partitions, whatever stands there already and wherever it is killed.

Kafka's client is replaced: what it takes is what a broker would hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from producer.publishing import markers
from producer.publishing.kafka_topic import KafkaCluster, TopicDescription
from producer.publishing.lanes import LaneRun, ReplayWork, lanes_of
from producer.publishing.pace import AS_FAST_AS_POSSIBLE, Pace
from producer.publishing.publisher import Destination
from producer.publishing.replay import closing_clock_of
from producer.publishing.shared_progress import SharedProgress
from producer.reading.prepared import Span, span_of
from schemas import trip
from tests.producer.months import dropoff, green_parquet, prepared, rows
from tests.producer.topics import Record

pytestmark = pytest.mark.unit

MINUTES = (0, 0, 1, 1, 1, 4, 9, 9, 20, 20, 21, 33)
"""The drop-offs of the month, in minutes after ten."""

Delivered = Callable[[None, Any], None]


class KilledError(Exception):
    """The process is gone."""


@dataclass
class Broker:
    """Two partitions; out of reach once it has taken its last marker: nothing comes of what follows."""

    last_marker: int | None = None
    partitions: tuple[list[Record], ...] = field(default_factory=lambda: ([], []))
    markers_taken: int = 0
    is_answered: bool = False
    _answers: list[tuple[Delivered, int]] = field(default_factory=list)

    def __call__(self, _configuration: Mapping[str, Any]) -> "Broker":
        """What confluent_kafka.Producer is called for."""
        return self

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def is_away(self) -> bool:
        return self.last_marker is not None and self.markers_taken >= 2 * self.last_marker

    def list_topics(self, _topic: str, timeout: float) -> None:
        assert timeout

    # The order is that of the client's own parameters.
    def produce(
        self,
        _topic: str,
        value: bytes | None,
        key: bytes,
        partition: int,
        on_delivery: Delivered | None = None,
        _callback: None = None,
        timestamp: int = 0,
    ) -> None:
        if self.is_away:
            return
        record = Record(partition, key, value, timestamp)
        self.partitions[partition].append(record)
        if on_delivery is not None:
            self.markers_taken += record.is_marker
            self._answers.append((on_delivery, partition))

    def poll(self, _seconds: float) -> None:
        while self._answers:
            on_delivery, partition = self._answers.pop(0)
            on_delivery(None, SimpleNamespace(partition=lambda number=partition: number))
        self.is_answered = self.is_away

    def tails_ms(self) -> dict[int, int]:
        return {number: kept[-1].timestamp_ms for number, kept in enumerate(self.partitions) if kept}

    def trip_ids(self) -> list[str]:
        return [record.key.decode() for kept in self.partitions for record in kept if not record.is_marker]


@dataclass(frozen=True)
class Month:
    """A month in event order, and the ids of its trips by row."""

    span: Span
    ids: list[str]


@pytest.fixture
def month(tmp_path: Path) -> Month:
    clocks = (f"2020-03-01 10:{minute:02}:00" for minute in MINUTES)
    trips = (dropoff(clock, fare_amount=float(number)) for number, clock in enumerate(clocks))
    source = prepared(green_parquet(tmp_path, *trips), tmp_path / "cache")
    return Month(span_of(source.path), [trip_id for (trip_id,) in rows(source, "trip_id")])


@pytest.fixture(autouse=True)
def _markers_between_all_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A marker after two trips at most: here a month is a dozen trips."""
    monkeypatch.setattr(markers, "MOST_TRIPS_BETWEEN", 2)
    monkeypatch.setattr(markers, "LEAST_SECONDS_BETWEEN", 0)


def publish(
    month: Month,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    *,
    next_rows: Sequence[int] = (0, 0),
    tails_ms: Mapping[int, int] | None = None,
) -> SharedProgress:
    """Run one lane over both partitions until all is acknowledged, or until the broker was out of reach."""
    monkeypatch.setattr("producer.publishing.publisher.Producer", broker)
    destination = Destination(
        cluster=KafkaCluster("unused:1"),
        topic=TopicDescription("trips", "topic-id", 2),
        schema_ids=dict.fromkeys(trip.all_versions(), 1),
        tails_ms=broker.tails_ms() if tails_ms is None else tails_ms,
        in_flight_megabytes=1,
        outage_seconds=60,
    )
    first_ms = month.span.first_ms or 0
    work = ReplayWork(
        month.span, destination, Pace(AS_FAST_AS_POSSIBLE), first_ms, closing_clock_of(month.span, None)
    )
    progress = SharedProgress(next_rows, first_ms, 1)
    (lane,) = lanes_of(next_rows, 1)

    def check() -> None:
        if broker.is_answered:
            raise KilledError

    try:
        LaneRun(work, progress, 0, lane).run(pytest.fail, check, lambda: None)
    except KilledError:
        assert broker.is_away
    return progress


def assert_timestamps_never_decrease(broker: Broker, tails_ms: Mapping[int, int]) -> None:
    for number, kept in enumerate(broker.partitions):
        stamps = [tails_ms.get(number, 0), *(record.timestamp_ms for record in kept)]
        assert stamps == sorted(stamps)


def test_a_lane_publishes_each_trip_once_and_ends_with_the_closing_marker(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker()
    progress = publish(month, broker, monkeypatch)
    assert sorted(broker.trip_ids()) == sorted(month.ids)
    assert [kept[-1].is_marker for kept in broker.partitions] == [True, True]
    assert broker.tails_ms() == dict.fromkeys((0, 1), closing_clock_of(month.span, None))
    assert progress.acknowledged_rows.tolist() == [month.span.end_row] * 2
    assert_timestamps_never_decrease(broker, {})


def test_a_row_that_a_marker_proves_stands_before_it(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    for last_marker in range(1, len(month.ids) // 2 + 1):
        broker = Broker(last_marker)
        progress = publish(month, broker, monkeypatch)
        (proved,) = set(progress.acknowledged_rows.tolist())
        assert set(month.ids[:proved]) == set(broker.trip_ids())


def test_wherever_a_replay_is_killed_the_next_one_publishes_what_is_missing(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    for last_marker in range(1, len(month.ids) // 2 + 2):
        broker = Broker(last_marker)
        killed = publish(month, broker, monkeypatch)
        broker.last_marker, broker.is_answered = None, False
        publish(month, broker, monkeypatch, next_rows=killed.acknowledged_rows.tolist())
        assert sorted(broker.trip_ids()) == sorted(month.ids)
        assert_timestamps_never_decrease(broker, {})


@pytest.mark.parametrize("tails_after", [(90, None), (12, 25), (None, 0)])
def test_no_timestamp_is_earlier_than_what_a_partition_holds_already(
    tails_after: tuple[int | None, int | None], month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stream stands at 10:00 and so many minutes on one partition, and elsewhere on the other.
    first_ms = month.span.first_ms or 0
    tails_ms = {
        number: first_ms + minutes * 60_000
        for number, minutes in enumerate(tails_after)
        if minutes is not None
    }
    broker = Broker()
    publish(month, broker, monkeypatch, tails_ms=tails_ms)
    assert sorted(broker.trip_ids()) == sorted(month.ids)
    assert_timestamps_never_decrease(broker, tails_ms)


def test_a_trip_keeps_the_clock_at_which_it_happened_where_nothing_newer_stands(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker()
    publish(month, broker, monkeypatch)
    first_ms = month.span.first_ms or 0
    stamps = sorted(
        (record.timestamp_ms - first_ms) // 60_000
        for kept in broker.partitions
        for record in kept
        if not record.is_marker
    )
    assert stamps == sorted(MINUTES)
