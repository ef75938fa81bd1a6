"""Compute the windows with Quix Streams."""

from typing import Any
from urllib.parse import urlsplit

from quixstreams import Application, message_context
from quixstreams.dataframe.windows.aggregations import Count, Sum
from quixstreams.models.serializers import Deserializer
from quixstreams.sinks.base import BatchingSink, SinkBatch
from quixstreams.sinks.community.postgresql import PostgreSQLSink

from bench.peer_programs.digest import Digest
from bench.peer_programs.task import Task
from bench.peer_programs.trips import Trip, TripDecoder
from schemas.trip import PROGRESS_MARKER_KEY

WINDOW_MS, SLIDE_MS, MINUTE_MS = 900_000, 60_000, 60_000
MARKER_KEYS = 16
"""A window closes by the time of its partition; so many keys of a marker reach every partition."""


class DigestSink(BatchingSink):  # type: ignore[misc]
    """A sink that drops the windows after adding them up."""

    def __init__(self, digest: Digest) -> None:
        super().__init__()
        self._digest = digest

    def write(self, batch: SinkBatch) -> None:
        """Add up a checkpoint's windows."""
        for item in batch:
            row = item.value
            self._digest.add(row["zone"], row["minute"], row["trips"], row["cents"])


class TripDeserializer(Deserializer):  # type: ignore[misc]
    """Decodes a trip; an invalid one becomes None, as the value of a marker is."""

    def __init__(self, writers_schema: str) -> None:
        super().__init__()
        self._decoder = TripDecoder(writers_schema)

    def __call__(self, value: bytes, ctx: Any) -> Trip | None:  # noqa: ARG002
        """Return zone, drop-off and cents."""
        return self._decoder.decode(value)


def main() -> None:
    """Run until the benchmark ends this program."""
    task, digest = Task.of_command_line(), Digest()
    digest.keep_printing()
    application = Application(
        broker_address=task.brokers,
        consumer_group=task.name,
        auto_offset_reset="earliest",
        state_dir=task.folder,
        loglevel="WARNING",
        producer_extra_config={"linger.ms": 100, "compression.type": "lz4"},
    )

    def event_time(value: Any, _headers: Any, timestamp: int, _kind: Any) -> int:
        """Return the drop-off of a valid trip; a marker and an invalid trip have the time of the record."""
        return value[1] if value else timestamp

    def count(row: dict[str, Any]) -> None:
        """Count a trip where it enters the windows: the source is read ahead of them."""
        digest.records += row["key"][0] != "-"

    topic = application.topic(
        task.topic, timestamp_extractor=event_time, value_deserializer=TripDeserializer(task.writers_schema)
    )
    windows = (
        application.dataframe(topic)
        .apply(Keys(task.partitions), expand=True, metadata=True)
        .set_timestamp(lambda row, _key, _timestamp, _headers: row["at"])
        .group_by("key", name="by-zone", key_serializer="string", key_deserializer="string")
        .update(count)
        .hopping_window(WINDOW_MS, SLIDE_MS, grace_ms=task.delay_seconds * 1000)
        .agg(trips=Count(), cents=Sum("cents"))
        .final(closing_strategy="partition")
        .apply(_row, metadata=True)
        .filter(lambda row: row["zone"] > 0)
    )
    windows.sink(_sink(task, digest))
    application.run()


class Keys:
    """Puts trips under their zones, and progress markers under several keys."""

    def __init__(self, partitions: int) -> None:
        self._clocks = dict.fromkeys(range(partitions), 0)

    def __call__(self, trip: Trip | None, key: Any, timestamp: int, _headers: Any) -> list[dict[str, Any]]:
        """Return the rows of a record; a marker has the clock of the partition that is behind."""
        if trip:
            return [{"key": str(trip[0]), "cents": trip[2], "at": timestamp}]
        if key != PROGRESS_MARKER_KEY:
            return []
        self._clocks[message_context().partition] = timestamp
        clock = min(self._clocks.values())
        numbers = range(1, MARKER_KEYS + 1) if clock else ()
        return [{"key": str(-number), "cents": 0, "at": clock} for number in numbers]


def _row(window: Any, key: Any, _timestamp: int, _headers: Any) -> dict[str, int]:
    return {
        "zone": int(key),
        "minute": window["end"] // MINUTE_MS,
        "trips": window["trips"],
        "cents": window["cents"],
    }


def _sink(task: Task, digest: Digest) -> BatchingSink:
    if not task.dsn:
        return DigestSink(digest)
    dsn = urlsplit(task.dsn)
    schema, _, table = task.table.partition(".")
    return PostgreSQLSink(
        host=dsn.hostname or "",
        port=dsn.port or 5432,
        dbname=dsn.path.strip("/"),
        user=dsn.username or "",
        password="",
        schema_name=schema,
        table_name=table,
        schema_auto_update=False,
        include_metadata=False,
        primary_key_columns=["zone", "minute"],
        upsert_on_primary_key=True,
    )


if __name__ == "__main__":
    main()
