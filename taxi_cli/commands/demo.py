"""`./taxi demo`: a real month through the whole platform, its results, and an evening live on the map."""

import shlex
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from control_plane import start
from control_plane.jobs import lifecycle, reset
from control_plane.jobs.pipeline_progress import PipelineProgress
from control_plane.sink.ledger import Ledger, print_ledger, read_ledger
from schemas.errors import UserError
from schemas.jobs import DEFAULT_JOB
from schemas.tlc_month import parse_month
from stack import database
from stack.console import console, output
from stack.endpoints import Endpoints
from stack.waiting import Polling, StalledError, wait_until
from taxi_cli.demonstration.evening import MOST_MINUTES, SPEEDUP, LiveEvening
from taxi_cli.demonstration.months import (
    MonthDownload,
    MonthMissingError,
    demo_settings,
    month_in_background,
    zones_in_background,
)
from taxi_cli.demonstration.replays import STALLED_SECONDS, publish, publish_and_time
from taxi_cli.demonstration.report import print_address, print_most_expensive, print_next_commands

LOOK_SECONDS = 1.0
INTERRUPTED = 130

OUTSIDE_THE_DAY = """
select 1 from taxi.trips
where source_file = %(file)s and not (dropoff_at >= %(noon)s and dropoff_at < %(midnight)s)
limit 1
"""


def demo(
    taxi_type: Annotated[str, typer.Option(help="yellow, green or fhvhv.")] = "green",
    month: Annotated[str, typer.Option(help="Month, for example 2023-12.")] = "2023-12",
    speedup: Annotated[
        str,
        typer.Option(help="Seconds of event time per second, or max: for the month, not for the live part."),
    ] = "max",
    live_minutes: Annotated[
        float,
        typer.Option(
            min=0,
            max=MOST_MINUTES,
            help="How long to show an evening of the next month live, half an hour per minute; 0: skip.",
        ),
    ] = 1,
    open_map: Annotated[bool, typer.Option("--open", help="Open the live map in a browser.")] = False,
    start_over: Annotated[bool, typer.Option(help="Remove the trips of other months first.")] = False,
) -> None:
    """Start the stack, replay a real month and then an evening live on the map; the stack keeps running."""
    shown = parse_month(taxi_type, month)
    evening = LiveEvening.after(shown, live_minutes) if live_minutes else None
    with ExitStack() as background:
        download = background.enter_context(month_in_background(evening.month)) if evening else None
        settings = demo_settings()
        background.enter_context(zones_in_background(settings))
        endpoints = start.up(settings)
        _print_map(endpoints, open_map=open_map)
        with continued_by(_this_command(), "starts over"):
            path = MonthDownload(shown).file()
            _start_over(endpoints, path.name, evening or LiveEvening.after(shown, 0), allowed=start_over)
            lifecycle.start(endpoints, DEFAULT_JOB, fresh=True)
            ledger = _show_month(endpoints, path, speedup)
        if evening and download:
            _show_evening(endpoints, evening, download, ledger)
    print_next_commands(endpoints)


def _print_map(endpoints: Endpoints, *, open_map: bool) -> None:
    address = endpoints.extras.get("MAP_URL")
    if not address:
        console().print("the live map is left out of this stack; ./taxi up --with map starts it")
        return
    print_address("live map", address)
    if open_map and not webbrowser.open(address):
        console().print("no browser can be opened from here: open the address yourself")


@contextmanager
def continued_by(command: str, how: str) -> Iterator[None]:
    """On Ctrl-C print how to continue, and end; the stack keeps running."""
    try:
        yield
    except KeyboardInterrupt:
        console().print(
            f"\nstopped; the stack keeps running\n{command}   {how}\n./taxi down   stops the stack",
            highlight=False,
            markup=False,
        )
        raise typer.Exit(INTERRUPTED) from None


def _this_command() -> str:
    return shlex.join(("./taxi", *sys.argv[1:]))


def _start_over(endpoints: Endpoints, month_file: str, evening: LiveEvening, *, allowed: bool) -> None:
    others = [
        name
        for name in reset.stored_files(endpoints)
        if name != month_file and not is_of_evening(endpoints.postgres_dsn, name, evening)
    ]
    if others and not allowed:
        raise UserError(
            f"the tables hold trips of {', '.join(others)}, which the demo would remove",
            "run ./taxi demo --start-over to remove them, or ./taxi replay FILE to add to them",
        )
    reset.reset(endpoints)


def is_of_evening(dsn: str, file: str, evening: LiveEvening) -> bool:
    """Return whether an earlier demo stored the trips of this file: only those of the day that it shows."""
    if not file.startswith(evening.month.file_stem):
        return False
    day = {"file": file, "noon": evening.noon, "midnight": evening.midnight}
    return not database.query(dsn, OUTSIDE_THE_DAY, day).rows


def _show_month(endpoints: Endpoints, path: Path, speedup: str) -> Ledger:
    begun = time.monotonic()
    first_window_seconds = publish_and_time(
        endpoints,
        *(str(path), "--speedup", speedup),
        until=lambda: _has_windows(endpoints),
        what="the first window",
    )
    ledger = _await_last_window(endpoints)
    output().print(
        f"\nThe first window could be read {first_window_seconds:.1f} s after the replay began,"
        f" the last after {time.monotonic() - begun:.1f} s: {_windowed(ledger):,} trips of {path.name}\n",
        highlight=False,
        soft_wrap=True,
    )
    print_ledger(ledger)
    print_most_expensive(endpoints)
    return ledger


def _show_evening(
    endpoints: Endpoints, evening: LiveEvening, download: MonthDownload, before: Ledger
) -> None:
    """Fill the map with the afternoon, replay the evening live, and show where its records went."""
    try:
        with continued_by(_this_command(), "starts over"):
            path = str(download.file())
            publish(endpoints, path, *evening.afternoon_options)
    except MonthMissingError as missing:
        console().print(f"nothing is shown live: {missing.message}", style="yellow")
        return
    output().print(
        f"\nNow live on the map, {SPEEDUP} times as fast as it happened: {evening}"
        f" ({Path(path).name}; {evening.seconds:.0f} s)\n",
        highlight=False,
        soft_wrap=True,
    )
    with continued_by(_replay_command(path, evening.live_options), "continues the evening"):
        publish(endpoints, path, *evening.live_options)
        ledger = _await_last_window(endpoints)
    output().print(
        f"\n{_windowed(ledger) - _windowed(before):,} trips of {Path(path).name} after those of the month\n",
        highlight=False,
        soft_wrap=True,
    )
    print_ledger(ledger)
    if evening.rest_options:
        output().print()
        print_address("more of it live", _replay_command(path, evening.rest_options))


def _replay_command(path: str, options: tuple[str, ...]) -> str:
    return shlex.join(("./taxi", "replay", path, *options))


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


def _windowed(ledger: Ledger) -> int:
    return sum(entry.windowed for entry in ledger.entries)
