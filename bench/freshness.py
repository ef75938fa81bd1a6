"""Measure how long after a window can close its rows are visible in Postgres, while trips flow steadily.

A window can close when the publisher's event clock passes `window_end + max_disorder`. That clock follows its
pace: a straight line through the record that reached Kafka soonest after it was due (every poll asks for the
topic's newest timestamp). So the delay inside the publisher counts, as does every delay behind it. A
publisher that falls behind its pace makes the figures worse, never better.

A window is visible when every row of it is. `taxi.zone_fares_now` gives the newest window of each zone, and
the windows of a zone appear in order, so one cheap query (its cost is printed) covers all zones. A result
counts from the end of the poll that first saw it: POLL_SECONDS and the query time are the error, and can only
add. Which rows a window has is queried afterwards.

The first WARM_UP_SECONDS, in which the JVM compiles the job, are left out. So is the end of the replay, where
the clock is put forward. The benchmark empties the stack first, so it requires `--yes`.
"""

import json
import math
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from bench._platform import ROOT, cpu_seconds, service, taxi
from control_plane.topics import TopicEnds
from schemas.windows import ZONE_FARES
from stack.endpoints import Endpoints

POLL_SECONDS = 0.1
WARM_UP_SECONDS = 15
QUIET_SECONDS = 10
MONTH, BEGIN_AT = "2024-01", datetime(2024, 1, 10, 7, tzinfo=UTC)
NOW = "select taxi_type, pickup_zone_id, window_end from taxi.zone_fares_now"
ALL = "select taxi_type, pickup_zone_id, window_end from taxi.zone_fares_15m order by window_end"

NTH_DROPOFF = """
select tpep_dropoff_datetime from read_parquet($1)
where tpep_dropoff_datetime >= $2 order by 1 limit 1 offset $3
"""

Zone = tuple[str, int]


@dataclass(frozen=True)
class ReplayLoad:
    """The part of a month that is replayed, and how many event seconds pass in a second."""

    file: Path
    until: datetime
    trips: int
    speedup: float

    @classmethod
    def of(cls, file: Path, rate: int, seconds: int) -> "ReplayLoad":
        """Return as much of the file as flows in these seconds at this rate."""
        parameters = [str(file), BEGIN_AT.replace(tzinfo=None), rate * seconds]
        found = duckdb.execute(NTH_DROPOFF, parameters).fetchone()
        if found is None:
            raise typer.BadParameter("the month has too few trips: increase --rows")
        until = found[0].replace(tzinfo=UTC, microsecond=0)
        return cls(file, until, rate * seconds, (until - BEGIN_AT).total_seconds() / seconds)

    def command(self) -> list[str]:
        """Return the arguments of its replay."""
        span = ("--from", _clock(BEGIN_AT), "--to", _clock(self.until))
        return [str(ROOT / "taxi"), "replay", str(self.file), *span, "--speedup", f"{self.speedup:.3f}"]


@dataclass(frozen=True)
class FreshnessSample:
    """The newest window of each zone and the newest timestamp of the topic, and when each was seen."""

    seen_at: float
    newest: Mapping[Zone, datetime]
    took_seconds: float
    clock_at: float
    clock: float


def freshness(
    rate: Annotated[int, typer.Option(help="Trips per second.", min=1)] = 5_000,
    seconds: Annotated[
        int, typer.Option(help="Duration of the replay in seconds.", min=WARM_UP_SECONDS + 5)
    ] = 60,
    rows: Annotated[int, typer.Option(help="Trips in the generated month.")] = 10_000_000,
    yes: Annotated[bool, typer.Option("--yes", help="Allow it to empty the topic and the tables.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay a generated month at RATE trips/s, and time its windows from closing to being read."""
    if not yes:
        raise typer.BadParameter("the benchmark empties the topic and the tables: add --yes to allow it")
    endpoints = Endpoints.of_running_stack()
    flow = ReplayLoad.of(_month(endpoints.home / "bench" / str(rows), rows), rate, seconds)
    taxi("inspect", str(flow.file))  # prepares the month: sorting it is not what is measured
    taxi("reset", "--yes")
    taxi("job", "deploy", "--fresh")
    figures = measure(endpoints, flow)
    if as_json:
        print(json.dumps(figures, indent=2))  # noqa: T201 - data for programs
    else:
        _print(figures, rate)


def measure(endpoints: Endpoints, flow: ReplayLoad) -> dict[str, float]:
    """Return the figures of one replay."""
    worker = service("flink-taskmanager")
    cpu_before, begun = cpu_seconds(worker), time.monotonic()
    with subprocess.Popen(flow.command(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as replay:
        samples = list(watch(endpoints, replay))
    if replay.returncode:
        sys.exit(f"error: {' '.join(flow.command())} failed")
    cpu, took = cpu_seconds(worker) - cpu_before, time.monotonic() - begun
    delays = sorted(delays_of(samples, flow, windows_by_zone(endpoints)))
    first, last = (
        samples[0].clock_at,
        max(sample.clock_at for sample in samples if sample.clock < _last_clock(flow)),
    )
    return {
        "windows": len(delays),
        "trips_per_second": round(flow.trips / (last - first)),
        "speedup": round(flow.speedup, 1),
        "p50_seconds": round(quantile(delays, 0.5), 2),
        "p99_seconds": round(quantile(delays, 0.99), 2),
        "max_seconds": round(delays[-1], 2),
        "look_milliseconds": round(1000 * sum(sample.took_seconds for sample in samples) / len(samples), 1),
        "taskmanager_cpu_share": round(cpu / took, 2),
    }


def watch(endpoints: Endpoints, replay: "subprocess.Popen[bytes]") -> Iterator[FreshnessSample]:
    """Poll from the first record until the replay is over and nothing changes any more."""
    ends = TopicEnds(endpoints.kafka_bootstrap_servers)
    changed_at, newest = 0.0, None
    with psycopg.connect(endpoints.postgres_dsn, autocommit=True) as connection:
        while True:
            sample = _sample(connection, ends)
            if sample.clock > 0:
                yield sample
            if sample.newest != newest or replay.poll() is None:
                changed_at, newest = sample.seen_at, sample.newest
            if sample.seen_at - changed_at > QUIET_SECONDS:
                return
            time.sleep(max(0.0, POLL_SECONDS - (time.monotonic() - sample.clock_at + sample.took_seconds)))


def delays_of(
    samples: Sequence[FreshnessSample], flow: ReplayLoad, windows: Mapping[Zone, Sequence[datetime]]
) -> Iterator[float]:
    """Return seconds from the moment each window could close to the poll that saw its last row."""
    paced_from = min(
        sample.clock_at - sample.clock / flow.speedup
        for sample in samples
        if sample.clock < _last_clock(flow)
    )
    disorder = ZONE_FARES.max_disorder.total_seconds()
    warm_at = samples[0].clock_at + WARM_UP_SECONDS
    for window_end, seen_at in visible_at(samples, windows).items():
        closing_clock = window_end.timestamp() + disorder
        closed_at = paced_from + closing_clock / flow.speedup
        if closed_at > warm_at and closing_clock < _last_clock(flow):
            yield seen_at - closed_at


def visible_at(
    samples: Sequence[FreshnessSample], windows: Mapping[Zone, Sequence[datetime]]
) -> Mapping[datetime, float]:
    """Return when each window was seen in all zones that have rows of it; infinite if never seen."""
    seen: dict[datetime, float] = defaultdict(float)
    for zone, ends in windows.items():
        position = 0
        for sample in samples:
            newest = sample.newest.get(zone)
            while newest is not None and position < len(ends) and ends[position] <= newest:
                seen[ends[position]] = max(seen[ends[position]], sample.seen_at)
                position += 1
        for end in ends[position:]:
            seen[end] = math.inf
    return seen


def windows_by_zone(endpoints: Endpoints) -> Mapping[Zone, Sequence[datetime]]:
    """Return the windows that have rows, in order."""
    found: dict[Zone, list[datetime]] = defaultdict(list)
    with psycopg.connect(endpoints.postgres_dsn) as connection:
        for taxi_type, zone, window_end in connection.execute(ALL):
            found[taxi_type, zone].append(window_end.replace(tzinfo=UTC))
    return found


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of the values does not exceed."""
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _sample(connection: psycopg.Connection[Any], ends: TopicEnds) -> FreshnessSample:
    begun = time.monotonic()
    rows = connection.execute(NOW).fetchall()
    seen_at = time.monotonic()
    clock = max(ends.event_clocks_ms(), default=-1) / 1000
    newest = {(taxi_type, zone): end.replace(tzinfo=UTC) for taxi_type, zone, end in rows}
    return FreshnessSample(seen_at, newest, seen_at - begun, time.monotonic(), clock)


def _last_clock(flow: ReplayLoad) -> float:
    """Return where the paced flow ends.

    After it the replay puts its clock forward to close the last windows.
    """
    return flow.until.timestamp() - 1


def _month(folder: Path, rows: int) -> Path:
    file = folder / f"yellow_tripdata_{MONTH}.parquet"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        arguments = ("--taxi-type", "yellow", "--month", MONTH, "--rows", str(rows), "--to", str(file))
        taxi("generate", *arguments)
    return file


def _clock(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S")


def _print(figures: Mapping[str, float], rate: int) -> None:
    table = Table("", "", title=f"from closing to being read, at {rate:,} trips/s", show_header=False)
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    Console().print(table)
