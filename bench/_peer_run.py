"""Run one program, watch its progress, and end it when all windows are there or nothing moves any more."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from rich.console import Console

from bench._expected_windows import ExpectedWindows, WindowSums
from bench._measuring import CpuSample, ProcessTree, cost_of
from bench._peers import Peer, RunningPeer
from bench.peer_programs.task import Task
from stack.endpoints import Endpoints

LOOK_SECONDS = 0.5
PRINT_SECONDS = 10.0
SETTLED_SECONDS = 2.0
TAIL_BYTES = 4096
INSERTED = """
select coalesce(sum(n_tup_ins - n_tup_del), 0)::bigint from pg_stat_user_tables
where schemaname = %s and relname like %s
"""


@dataclass(frozen=True)
class RunLimits:
    """When to end a program that does not finish."""

    stalled_seconds: float
    longest_seconds: float


@dataclass(frozen=True)
class Outcome:
    """The figures of one run; CPU seconds per million trips."""

    peer: str
    sink: str
    trips: int
    """Trips that were processed."""
    seconds: float
    cpu_per_million: float
    steady_per_million: float | None
    start_seconds: float | None
    kafka_per_million: float
    postgres_per_million: float
    delay_seconds: int
    windows: str
    """`equal`, or the difference from the oracle's windows, or why there are none."""

    @classmethod
    def left_out(cls, peer: str, sink: str, reason: str) -> "Outcome":
        """Return the line of a program that did not run."""
        return cls(peer, sink, 0, 0.0, 0.0, None, None, 0.0, 0.0, 0, reason)

    def cells(self) -> tuple[str, ...]:
        """Return a line of the table."""
        if not self.trips:
            return self.peer, self.sink, *["–"] * 9, self.windows
        return (
            self.peer,
            self.sink,
            f"{self.trips:,}",
            f"{self.seconds:.0f}",
            f"{self.trips / self.seconds:,.0f}",
            f"{self.cpu_per_million:.1f}",
            _or_dash(self.steady_per_million),
            _or_dash(self.start_seconds),
            f"{self.kafka_per_million:.1f}",
            f"{self.postgres_per_million:.1f}",
            f"{self.delay_seconds / 60:.0f} min",
            self.windows,
        )


@dataclass(frozen=True)
class _Look:
    """One look at a run: its sums, and the CPU seconds of its processes and of the servers."""

    at: float
    sums: WindowSums
    cpu: Mapping[str, float]


class PeerRun:
    """One program with its task."""

    def __init__(
        self, peer: Peer, task: Task, expected: ExpectedWindows, published: int, limits: RunLimits
    ) -> None:
        self._peer, self._task, self._limits = peer, task, limits
        self._expected, self._published = expected, published
        self._trees: dict[str, ProcessTree] = {}
        self._console = Console(stderr=True, soft_wrap=True, highlight=False)
        self._printed_at = 0.0

    def outcome(self, endpoints: Endpoints, servers: Mapping[str, psutil.Process]) -> Outcome:
        """Run the program to its end."""
        self._trees = {name: ProcessTree([process]) for name, process in servers.items()}
        looks = [_Look(time.monotonic(), WindowSums(), self._cpu())]
        with self._peer.start(self._task, endpoints) as running:
            self._trees["program"] = ProcessTree(running.processes)
            ended = self._watch(looks, running)
        changed = [look for look, before in zip(looks[1:], looks, strict=False) if look.sums != before.sums]
        return self._outcome([looks[0], *changed], ended)

    def _watch(self, looks: list[_Look], running: RunningPeer) -> str:
        """Look until the run is over; return why it ended, empty if all windows were there."""
        begun = changed_at = time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            look = _Look(time.monotonic(), self._sums(running.output), self._cpu())
            if look.sums != looks[-1].sums:
                changed_at = look.at
            looks.append(look)
            self._print(look, begun)
            unchanged = look.at - changed_at
            if look.sums.windows >= self._expected.sums.windows and unchanged > SETTLED_SECONDS:
                return ""
            if failure := failure_of(running):
                return failure
            if not any(map(_is_alive, running.processes)):
                return "" if look.sums.windows else f"ended: {_last_line(running.output)}"
            if unchanged > self._limits.stalled_seconds:
                return f"no progress for {self._limits.stalled_seconds:.0f} s"
            if look.at - begun > self._limits.longest_seconds:
                return f"ended after {self._limits.longest_seconds / 60:.0f} min"

    def _outcome(self, looks: list[_Look], ended: str) -> Outcome:
        first, last = looks[0], looks[-1]
        trips = round(self._done(last.sums) * self._published)
        if not trips:
            return Outcome.left_out(self._peer.name, self._sink, ended or "printed nothing")
        samples = [
            CpuSample(one.at, self._done(one.sums) * self._published, one.cpu.get("program", 0.0))
            for one in looks
        ]
        cost = cost_of(samples)
        per_million = {name: (last.cpu[name] - first.cpu[name]) / trips * 1e6 for name in first.cpu}
        return Outcome(
            peer=self._peer.name,
            sink=self._sink,
            trips=trips,
            seconds=round(last.at - first.at, 1),
            cpu_per_million=round(cost.per_million, 1),
            steady_per_million=_rounded(cost.steady_per_million),
            start_seconds=_rounded(cost.start_seconds),
            kafka_per_million=round(per_million["kafka"], 1),
            postgres_per_million=round(per_million["postgres"], 1),
            delay_seconds=self._task.delay_seconds,
            windows="; ".join(part for part in (self._differences(last.sums), ended) if part),
        )

    @property
    def _sink(self) -> str:
        return "postgres" if self._task.dsn else "nothing"

    def _differences(self, sums: WindowSums) -> str:
        if not self._task.dsn:
            return sums.difference(self._expected.sums)
        with psycopg.connect(self._task.dsn) as connection:
            return self._expected.differences(connection, self._peer.rows_query(self._task))

    def _sums(self, output: Path) -> WindowSums:
        printed = printed_sums(output)
        if not self._task.dsn:
            return printed
        schema, _, table = self._task.table.partition(".")
        with psycopg.connect(self._task.dsn) as connection:
            row = connection.execute(INSERTED, [schema, f"{table}%"]).fetchone()
        return WindowSums(records=printed.records, windows=row[0] if row else 0)

    def _done(self, sums: WindowSums) -> float:
        """Return the share of the topic that was processed."""
        if sums.records and sums.windows < self._expected.sums.windows:
            return min(1.0, sums.records / self._published)
        return min(1.0, sums.windows / self._expected.sums.windows)

    def _cpu(self) -> Mapping[str, float]:
        return {name: tree.cpu_seconds() for name, tree in self._trees.items()}

    def _print(self, look: _Look, begun: float) -> None:
        if look.at - self._printed_at < PRINT_SECONDS:
            return
        self._printed_at = look.at
        done, seconds = f"{self._done(look.sums):.0%} read", f"{look.at - begun:.0f} s"
        windows = f"{look.sums.windows:,} of {self._expected.sums.windows:,} windows"
        cpu = f"{look.cpu['program']:.0f} CPU s"
        self._console.print(f"{self._peer.name} into {self._sink}: {done}, {windows}, {cpu}, {seconds}")


def printed_sums(output: Path) -> WindowSums:
    """Return the newest sums that a program has printed; zeros if there are none."""
    with suppress(FileNotFoundError), output.open("rb") as stream:
        stream.seek(max(0, output.stat().st_size - TAIL_BYTES))
        for line in reversed(stream.read().decode("utf-8", "replace").splitlines()):
            with suppress(ValueError, TypeError):
                return WindowSums(**json.loads(line))
    return WindowSums()


def failure_of(running: RunningPeer) -> str:
    """Return why a job could not be submitted; empty if it was, or is being."""
    if running.client is None or running.client_output is None or running.client.poll() in {None, 0}:
        return ""
    return f"cannot be submitted: {_last_line(running.client_output)}"


def _is_alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def _last_line(output: Path) -> str:
    lines = output.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:120] if lines else "it printed nothing"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
