"""Compute the windows with Pathway, which replaces results where more trips arrive."""

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pathway as pw

from bench.peer_programs.digest import Digest
from bench.peer_programs.task import Task
from bench.peer_programs.trips import TripDecoder

MINUTE_MS = 60_000
WINDOW_MS = 15 * MINUTE_MS


def main() -> None:
    """Run until the benchmark ends this program."""
    task, digest = Task.of_command_line(), Digest()
    digest.keep_printing()
    settings = {"bootstrap.servers": task.brokers, "group.id": task.name, "auto.offset.reset": "earliest"}
    records = pw.io.kafka.read(settings, task.topic, format="raw", autocommit_duration_ms=1000)
    windows = _windows(_trips(records, task, digest), task)
    if task.dsn:
        _write_to_postgres(windows, task)
    else:
        pw.io.subscribe(windows, on_change=partial(_count, digest))
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)


def _trips(records: Any, task: Task, digest: Digest) -> Any:
    decoder = TripDecoder(task.writers_schema)

    @pw.udf  # type: ignore[untyped-decorator]
    def decode(value: bytes) -> tuple[int, int, int]:
        digest.records += 1
        return decoder.decode(value) or (0, 0, 0) if value else (0, 0, 0)

    decoded = records.select(trip=decode(pw.this.data))
    trips = decoded.select(zone=pw.this.trip[0], dropoff=pw.this.trip[1], cents=pw.this.trip[2])
    return trips.filter(pw.this.zone > 0)


def _windows(trips: Any, task: Task) -> Any:
    windowed = trips.windowby(
        pw.this.dropoff,
        window=pw.temporal.sliding(hop=MINUTE_MS, duration=WINDOW_MS),
        instance=pw.this.zone,
        behavior=pw.temporal.common_behavior(
            cutoff=timedelta(seconds=task.delay_seconds) // timedelta(milliseconds=1), keep_results=True
        ),
    )
    return windowed.reduce(
        zone=pw.this._pw_instance,
        minute=pw.this._pw_window_end // MINUTE_MS,
        trips=pw.reducers.count(),
        cents=pw.reducers.sum(pw.this.cents),
    )


def _count(digest: Digest, *, row: Any, is_addition: bool, **_place: Any) -> None:
    change = digest.add if is_addition else digest.remove
    change(row["zone"], row["minute"], row["trips"], row["cents"])


def _write_to_postgres(windows: Any, task: Task) -> None:
    dsn = urlsplit(task.dsn)
    settings = {
        "host": dsn.hostname,
        "port": str(dsn.port),
        "dbname": dsn.path.strip("/"),
        "user": dsn.username,
    }
    schema, _, table = task.table.partition(".")
    pw.io.postgres.write(
        windows,
        settings,
        table,
        schema_name=schema,
        max_batch_size=10_000,
        output_table_type="snapshot",
        primary_key=[windows.zone, windows.minute],
    )


if __name__ == "__main__":
    main()
