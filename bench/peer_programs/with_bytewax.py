"""Compute the windows with Bytewax. It reads the topic to its end: only an end closes windows of the past."""

from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main

from bench.peer_programs.digest import Digest
from bench.peer_programs.task import Task
from bench.peer_programs.trips import TripDecoder

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLIDE = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)


class DigestPartition(StatelessSinkPartition):  # type: ignore[misc]
    """Adds up windows and drops them."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest

    def write_batch(self, items: list[Any]) -> None:
        """Add up `(zone, (number of the window, (trips, cents)))`; a window's number is its first minute."""
        for zone, (number, (trips, cents)) in items:
            self._digest.add(int(zone), number + WINDOW // SLIDE, trips, cents)


class DigestSink(DynamicSink):  # type: ignore[misc]
    """The sink of every worker."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest

    def build(self, step_id: str, worker_index: int, worker_count: int) -> DigestPartition:  # noqa: ARG002
        """Return the worker's part."""
        return DigestPartition(self._digest)


def flow(task: Task, digest: Digest) -> Dataflow:
    """Return the dataflow."""
    decoder = TripDecoder(task.writers_schema)

    def keyed(message: Any) -> Any:
        if message.value is None:
            return None
        digest.records += 1
        trip = decoder.decode(message.value)
        return (str(trip[0]), (EPOCH + timedelta(milliseconds=trip[1]), trip[2])) if trip else None

    clock = win.EventClock(lambda trip: trip[0], timedelta(seconds=task.delay_seconds))
    windower = win.SlidingWindower(length=WINDOW, offset=SLIDE, align_to=EPOCH)
    dataflow = Dataflow("zone_fares")
    source = KafkaSource([task.brokers], [task.topic], tail=False, batch_size=1_000)
    trips = op.filter_map("keyed", op.input("trips", dataflow, source), keyed)
    windows = win.fold_window(
        "windows",
        trips,
        clock,
        windower,
        builder=lambda: (0, 0),
        folder=lambda sums, trip: (sums[0] + 1, sums[1] + trip[1]),
        merger=lambda one, other: (one[0] + other[0], one[1] + other[1]),
        ordered=False,
    )
    op.output("nothing", windows.down, DigestSink(digest))
    return dataflow


def main() -> None:
    """Run to the end of the topic."""
    digest = Digest()
    digest.keep_printing()
    cli_main(flow(Task.of_command_line(), digest))
    digest.write()


if __name__ == "__main__":
    main()
