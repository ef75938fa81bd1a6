"""`./taxi demo`: a real month through the whole platform, and its results."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from control_plane import start
from control_plane.jobs import lifecycle, reset
from control_plane.jobs.pipeline_progress import PipelineProgress
from control_plane.sink.ledger import Ledger, print_ledger, read_ledger
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from stack import database
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.settings import ROOT, StackSettings, user_environment
from stack.waiting import Polling, StalledError, wait_until

SHARED_MONTHS = ROOT.parent / "shared" / "data" / "months"
SYNTHETIC_ROWS = 60_000
STALLED_SECONDS = 120.0
LOOK_SECONDS = 1.0

MOST_EXPENSIVE_ZONES = """
select
    zones.zone_name as "zone",
    zones.borough as "borough",
    sum(fares.trips)::bigint as "trips",
    round(sum(fares.total_amount_cents) / 100.0 / sum(fares.trips), 2) as "average cost in $"
from taxi.zone_fares_quarter_hours as fares
join taxi.zones on zones.zone_id = fares.pickup_zone_id
group by zones.zone_id
having sum(fares.trips) >= 30
order by 4 desc
limit 10
"""


def demo(
    taxi_type: Annotated[str, typer.Option(help="yellow or green.")] = "green",
    month: Annotated[str, typer.Option(help="Month, for example 2023-12.")] = "2023-12",
    speedup: Annotated[str, typer.Option(help="Seconds of event time per second, or max.")] = "max",
    start_over: Annotated[bool, typer.Option(help="Remove the trips of other months first.")] = False,
) -> None:
    """Start the stack, replay a real month through it and show the result; the stack keeps running."""
    endpoints = start.up()
    path = _month_file(endpoints, taxi_type, month)
    _start_over(endpoints, path.name, allowed=start_over)
    lifecycle.start(endpoints, DEFAULT_JOB, fresh=True)
    begun = time.monotonic()
    first_window_seconds = _replay(endpoints, path, speedup)
    ledger = _await_last_window(endpoints)
    _report_times(ledger, path, first_window_seconds, time.monotonic() - begun)
    print_ledger(ledger)
    _print_most_expensive(endpoints)
    _print_next_commands(endpoints)


def _start_over(endpoints: Endpoints, file_name: str, *, allowed: bool) -> None:
    others = [name for name in reset.stored_files(endpoints) if name != file_name]
    if others and not allowed:
        raise UserError(
            f"the tables hold trips of {', '.join(others)}, which the demo would remove",
            "run ./taxi demo --start-over to remove them, or ./taxi replay FILE to add to them",
        )
    reset.reset(endpoints)


def _month_file(endpoints: Endpoints, taxi_type: str, month: str) -> Path:
    """Return the real month where it is available, else a synthetic one."""
    arguments = ("--taxi-type", taxi_type, "--month", month)
    fetch = _producer(endpoints, "fetch", *arguments, stdout=subprocess.PIPE)
    found, _ = fetch.communicate()
    if fetch.returncode == 0:
        return Path(found.decode().strip().partition(": ")[2])
    console().print(
        f"the real month {taxi_type} {month} is not available; using a SYNTHETIC month instead",
        style="yellow",
    )
    file = (
        StackSettings.from_environment().cache
        / "synthetic"
        / f"{taxi_type}_tripdata_{month}.synthetic.parquet"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    if _producer(endpoints, "generate", *arguments, "--rows", str(SYNTHETIC_ROWS), "--to", str(file)).wait():
        raise UserError("no synthetic month could be generated either", "see the message above")
    return file


def _replay(endpoints: Endpoints, path: Path, speedup: str) -> float:
    """Publish the month; return the seconds until the first window was readable."""
    begun = time.monotonic()
    with _producer(endpoints, "replay", str(path), "--speedup", speedup) as replay:
        try:
            wait_until(
                lambda: replay.poll() or _has_windows(endpoints),
                what="the first window",
                progress=PipelineProgress(endpoints, replay.pid),
                stalled_seconds=STALLED_SECONDS,
                on_waiting=lambda _: None,  # the replay shows its own progress
            )
        except UserError:
            replay.kill()  # otherwise the caller would wait for its end
            raise
        first_window_seconds = time.monotonic() - begun
    if replay.returncode:
        raise UserError("the replay failed", "see the message above")
    return first_window_seconds


def _producer(endpoints: Endpoints, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    environment = {**user_environment(), **endpoints.as_environment(), "PYTHONPATH": str(ROOT)}
    environment["TAXI_HOME"] = str(endpoints.home)
    if not environment.get("TLC_DATA_DIR") and SHARED_MONTHS.is_dir():
        environment["TLC_DATA_DIR"] = str(SHARED_MONTHS)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "producer", *arguments], env=environment, stdout=stdout
    )


def _await_last_window(endpoints: Endpoints) -> Ledger:
    """Wait until every record is accounted for, showing the lag; return the ledger."""

    def balanced() -> Ledger | None:
        ledger = read_ledger(endpoints)
        return ledger if ledger.balances else None

    try:
        return wait_until(
            balanced,
            what="the last window to close",
            progress=PipelineProgress(endpoints),
            stalled_seconds=STALLED_SECONDS,
            polling=Polling(LOOK_SECONDS),
        )
    except StalledError as stalled:
        raise UserError(stalled.message, "run ./taxi job status and ./taxi audit") from stalled


def _has_windows(endpoints: Endpoints) -> bool:
    return bool(database.query(endpoints.postgres_dsn, "select 1 from taxi.zone_fares_15m limit 1").rows)


def _report_times(ledger: Ledger, path: Path, first_window_seconds: float, seconds: float) -> None:
    windowed = sum(entry.windowed for entry in ledger.entries)
    output().print(
        f"\nThe first window could be read {first_window_seconds:.1f} s after the replay began,"
        f" the last after {seconds:.1f} s: {windowed:,} trips of {path.name}\n",
        highlight=False,
        soft_wrap=True,
    )


def _print_most_expensive(endpoints: Endpoints) -> None:
    found = database.query(endpoints.postgres_dsn, MOST_EXPENSIVE_ZONES)
    title = "\nThe ten most expensive pickup zones with at least 30 trips"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, min_width=len(title))
    for column in found.columns:
        table.add_column(column, justify="left" if column in {"zone", "borough"} else "right")
    for row in found.rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    output().print(table)


def _print_next_commands(endpoints: Endpoints) -> None:
    live_map = endpoints.extras.get("MAP_URL")
    next_commands = {
        **({"live map": live_map} if live_map else {}),
        "Flink dashboard": endpoints.flink_rest_url,
        "schema registry": endpoints.schema_registry_url.removesuffix("/apis/ccompat/v7"),
        "Postgres": endpoints.postgres_dsn,
        "query": './taxi sql "select * from taxi.zone_fares_now limit 10"',
        "the job": "./taxi job status",
        "stop the stack": "./taxi down",
    }
    output().print()
    for label, value in next_commands.items():
        output().print(f"{label:<16} {value}", highlight=False, soft_wrap=True)
