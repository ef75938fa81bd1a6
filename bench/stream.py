"""Measure how fast a month goes from the start of its replay to its last window in Postgres, and the cost.

The benchmark drives the platform through its own commands. It empties the stack first, so it requires
`--yes`.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench._platform import ROOT, cpu_seconds, service, taxi

LONGEST_SECONDS = 1_800
COUNT_TRIPS = (
    "select count(*) as windows, coalesce(sum(trips) filter"
    " (where extract(minute from window_end)::integer % 15 = 0), 0)::bigint as trips from taxi.zone_fares_15m"
)
COLUMNS = ("run", "trips", "windows", "seconds", "trips/s", "TaskManager CPU s", "CPU s per M trips")


def stream(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A TLC month.", exists=True)],
    runs: Annotated[int, typer.Option(help="Number of runs; the first one warms the JVM up.", min=1)] = 3,
    yes: Annotated[bool, typer.Option("--yes", help="Allow it to empty the topic and the tables.")] = False,
) -> None:
    """Replay FILE at full speed and wait for its last window."""
    if not yes:
        raise typer.BadParameter("the benchmark empties the topic and the tables: add --yes to allow it")
    taxi("inspect", str(file))  # prepares the month: sorting it is not what is measured
    table = Table(*COLUMNS, title=f"{file.name}, replayed at full speed")
    for number in range(1, runs + 1):
        table.add_row(str(number), *(f"{value:,}" for value in one_run(file)))
    Console().print(table)


def one_run(file: Path) -> tuple[int, int, float, int, float, float]:
    """Return trips, windows, seconds, trips/s, the TaskManager's CPU seconds, and those per million trips."""
    taxi("reset", "--yes")
    taxi("job", "deploy", "--fresh")
    worker = service("flink-taskmanager")
    cpu_before, begun = cpu_seconds(worker), time.monotonic()
    taxi("replay", str(file), "--speedup", "max")
    await_balance()
    seconds, cpu = time.monotonic() - begun, cpu_seconds(worker) - cpu_before
    windows, trips = (int(value) for value in taxi("sql", "--csv", COUNT_TRIPS).splitlines()[1].split(","))
    return trips, windows, round(seconds, 1), int(trips / seconds), round(cpu, 1), round(cpu / trips * 1e6, 1)


def await_balance() -> None:
    """Wait until the ledger balances: the last window is in Postgres."""
    command = [str(ROOT / "taxi"), "audit", "--wait", str(LONGEST_SECONDS)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        sys.exit(f"error: the ledger does not balance after {LONGEST_SECONDS} s; run ./taxi audit")
