"""Measure how fast a month goes from the start of its replay to its last window in Postgres, and the cost.

Two loads: dense is a generated yellow month, in which most zones have trips in every window; sparse is the
real green month of 2020-03, with several windows for each trip. With `--against` another tree, a worktree
or clone with another commit, runs the same loads in turn with this one, each on its own stack. The steady
cost leaves out the first part of the trips; the start is what the run cost in addition.

The benchmark drives the platform through its own commands. It empties the stack first, so it requires
`--yes`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench._measuring import CpuCost, CpuSample, ProcessTree, cost_of
from bench._processes import interrupt_on_termination
from bench._profiler import profiled
from bench._trees import AGAINST, THIS, SourceCounter, Tree, commit_of, other_tree, this_tree
from bench.produce import synthetic_month

LONGEST_SECONDS = 1_800
LOOK_SECONDS = 1.0
COUNT_TRIPS = (
    "select count(*) as windows, coalesce(sum(trips) filter"
    " (where extract(minute from window_end)::integer % 15 = 0), 0)::bigint as trips from taxi.zone_fares_15m"
)
COLUMNS = (
    *("load", "tree", "run", "trips", "windows", "seconds", "trips/s"),
    *("TaskManager CPU s/M", "steady", "start s", "Postgres CPU s/M", "steady"),
)


class Load(StrEnum):
    """The months that are measured without FILE."""

    DENSE = "dense"
    SPARSE = "sparse"


@dataclass(frozen=True)
class StreamRun:
    """The figures of one run; CPU seconds per million trips."""

    load: str
    tree: str
    number: int
    trips: int
    windows: int
    seconds: float
    task_manager: CpuCost
    postgres: CpuCost

    def cells(self) -> tuple[str, ...]:
        """Return a line of the table."""
        return (
            self.load,
            self.tree,
            str(self.number),
            f"{self.trips:,}",
            f"{self.windows:,}",
            f"{self.seconds:.1f}",
            f"{self.trips / self.seconds:,.0f}",
            f"{self.task_manager.per_million:.1f}",
            _or_dash(self.task_manager.steady_per_million),
            _or_dash(self.task_manager.start_seconds),
            f"{self.postgres.per_million:.1f}",
            _or_dash(self.postgres.steady_per_million),
        )


def stream(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A TLC month; default: the loads of --load.", exists=True),
    ] = None,
    load: Annotated[
        list[Load] | None, typer.Option(help="Can be repeated; default: both.", show_default=False)
    ] = None,
    rows: Annotated[int, typer.Option(help="Trips of the dense load.", min=1)] = 3_000_000,
    runs: Annotated[int, typer.Option(help="Runs; the first one warms the JVM up.", min=1)] = 3,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="TREE", help="A worktree or clone to alternate with.", exists=True, file_okay=False
        ),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Write a flame graph of each TaskManager's last run.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Allow it to empty the topic and the tables.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay months at full speed and wait for their last window."""
    if not yes:
        raise typer.BadParameter("the benchmark empties the topic and the tables: add --yes to allow it")
    interrupt_on_termination()
    loads = {file.name: file} if file else dict(months(load or list(Load), rows))
    home = Path(os.environ.get("TAXI_HOME", ".taxi")).resolve()
    with ExitStack() as stack:
        trees = [this_tree()]
        if against:
            trees.append(stack.enter_context(other_tree(against, home / "bench" / "against")))
        figures = list(measured(trees, loads, runs, home / "bench" if profile else None))
    if as_json:
        print(json.dumps([asdict(one) for one in figures], indent=2))  # noqa: T201 - data for programs
    else:
        print_table(figures, trees)


def months(loads: Sequence[Load], rows: int) -> Iterator[tuple[str, Path]]:
    """Yield the name and the file of each load."""
    for load in dict.fromkeys(loads):
        yield load.value, synthetic_month(rows) if load == Load.DENSE else sparse_month()


def sparse_month() -> Path:
    """Return the green month of 2020-03, fetched if need be."""
    return fetched_file(this_tree().taxi("fetch", "--taxi-type", "green", "--month", "2020-03"))


def fetched_file(text: str) -> Path:
    """Read the path that `./taxi fetch` prints for a month."""
    line = next(line for line in text.splitlines() if line.startswith("green 2020-03"))
    return Path(line.partition(": ")[2])


def measured(
    trees: Sequence[Tree], loads: dict[str, Path], runs: int, charts: Path | None
) -> Iterator[StreamRun]:
    """Yield the figures of every run: of each load, all trees in turn, several times."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for load, file in loads.items():
        for tree in trees:
            tree.taxi("inspect", str(file))  # prepares the month: sorting it is not what is measured
        for number in range(1, runs + 1):
            for tree in trees:
                chart = charts / f"flames-{load}-{tree.name}.html" if charts and number == runs else None
                figures = one_run(tree, load, file, number, chart)
                console.print(", ".join(map(" ".join, zip(COLUMNS, figures.cells(), strict=True))))
                if chart:
                    console.print(f"flame graph: {chart}")
                yield figures


def one_run(tree: Tree, load: str, file: Path, number: int, chart: Path | None) -> StreamRun:
    """Empty the stack, deploy the job, and replay the month."""
    tree.taxi("reset", "--yes")
    tree.taxi("job", "deploy", "--fresh")
    watch = JobWatch(tree)
    with profiled(tree.task_manager, chart) if chart else nullcontext():
        watch.run(tree.command("replay", str(file), "--speedup", "max"))
        # The ledger balances when the last window is in Postgres.
        watch.run(tree.command("audit", "--wait", str(LONGEST_SECONDS)))
    counted = tree.taxi("sql", "--csv", COUNT_TRIPS).splitlines()[1]
    windows, trips = (int(value) for value in counted.split(","))
    # The trips of the tables, not the records that were seen: a total does not depend on Flink's metrics.
    costs = [replace(watch.cost(name), trips=trips) for name in ("job", "postgres")]
    return StreamRun(load, tree.name, number, trips, windows, watch.seconds, *costs)


class JobWatch:
    """Samples of what the job has read, and of the CPU time that it and the database have used."""

    def __init__(self, tree: Tree) -> None:
        self._tree, self._counter = tree, SourceCounter(tree.flink_url())
        self._processes = {
            "job": ProcessTree([tree.task_manager]),
            "postgres": ProcessTree([tree.database]),
        }
        self._samples: dict[str, list[CpuSample]] = {name: [] for name in self._processes}
        self._look()

    def run(self, command: Sequence[str]) -> None:
        """Sample until a command is over; its failure ends the benchmark."""
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, env=self._tree.environment(), stdout=quiet, stderr=quiet) as process:
            while process.poll() is None:
                time.sleep(LOOK_SECONDS)
                self._look()
        if process.returncode:
            sys.exit(f"error: {self._tree.name}: {' '.join(command)} failed; run ./taxi audit")

    @property
    def seconds(self) -> float:
        """Return how long the run has taken."""
        samples = self._samples["job"]
        return samples[-1].at - samples[0].at

    def cost(self, name: str) -> CpuCost:
        """Return what the job or the database has cost."""
        return cost_of(self._samples[name])

    def _look(self) -> None:
        records, now = self._counter.records(), time.monotonic()
        for name, processes in self._processes.items():
            self._samples[name].append(CpuSample(now, records, processes.cpu_seconds()))


def print_table(figures: Sequence[StreamRun], trees: Sequence[Tree]) -> None:
    """Print a line for each run, and what the other tree costs compared with this one."""
    console = Console(width=150)
    shown = ", ".join(f"{tree.name}: {commit_of(tree.root)}" for tree in trees)
    table = Table(*COLUMNS, title=f"months replayed at full speed; {shown}")
    for one in figures:
        table.add_row(*one.cells())
    console.print(table)
    for line in ratios(figures):
        console.print(line, highlight=False)


def ratios(figures: Sequence[StreamRun]) -> Iterator[str]:
    """Yield what this tree costs compared with the other, by the cheapest run of each."""
    for load in dict.fromkeys(one.load for one in figures):
        ours, theirs = (
            [one for one in figures if one.load == load and one.tree == tree] for tree in (THIS, AGAINST)
        )
        if ours and theirs:
            yield f"{load}: {_ratio(ours, theirs)} the other tree's CPU time in the TaskManager"


def _ratio(ours: Sequence[StreamRun], theirs: Sequence[StreamRun]) -> str:
    own, other = (
        min(one.task_manager.steady_per_million or one.task_manager.per_million for one in runs)
        for runs in (ours, theirs)
    )
    return f"{own / other:.2f} times"


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
