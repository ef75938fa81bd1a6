"""Define the commands of `python -m producer`; only here an error becomes a line and an exit code."""

import errno
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from producer.errors import StoppedByUser, UserError
from producer.fetching.fetch import fetch
from producer.months import Naming
from producer.publishing.pace import Pace, parse_speedup
from producer.publishing.replay import ReplayRequest
from producer.publishing.replay import replay as replay_files
from producer.reading.arrival import Arrival, LatenessMode
from producer.reading.inspection import inspect as inspect_files
from producer.settings import ProducerSettings, program_name, wants_debug
from producer.synthesis.generate import generate
from schemas.time_zone import keep_utc

FAILED = 1
INTERRUPTED = 130

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILES", help="TLC months: Parquet, CSV or CSV.gz.", show_default=False),
]
TaxiType = Annotated[
    str | None, typer.Option(help="yellow, green or fhvhv; needed if the file name does not contain it.")
]
Month = Annotated[str | None, typer.Option(help="Like 2024-01; needed if the file name does not contain it.")]

app = typer.Typer(
    help="Publish TLC taxi trips to Kafka in event order.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def replay(  # noqa: PLR0913, PLR0917 - one parameter an option
    files: Files,
    speedup: Annotated[
        str | None,
        typer.Option(help="Event seconds per second, or max; default: max, with --shift-to-now 1."),
    ] = None,
    from_at: Annotated[
        datetime | None, typer.Option("--from", help="First drop-off to publish, in New York time.")
    ] = None,
    to_at: Annotated[
        datetime | None, typer.Option("--to", help="Stop before this drop-off, in New York time.")
    ] = None,
    shift_to_now: Annotated[
        bool,
        typer.Option(
            "--shift-to-now", help="Shift the trips by whole weeks, so that they happen from now on."
        ),
    ] = False,
    disorder: Annotated[
        int, typer.Option(help="Delay trips by up to this many seconds; up to 60 is on time for all windows.")
    ] = 0,
    lateness: Annotated[
        LatenessMode, typer.Option(help="store-and-forward: delay trips flagged Y by 2 to 30 minutes.")
    ] = LatenessMode.NONE,
    seed: Annotated[int, typer.Option(help="Seed of the delays; equal seeds give equal delays.")] = 0,
    as_late: Annotated[
        bool, typer.Option("--as-late", help="Publish trips whose windows are already closed, as late trips.")
    ] = False,
    processes: Annotated[
        int, typer.Option(help="Number of publishing processes; each has its own partitions.")
    ] = 1,
    taxi_type: TaxiType = None,
    month: Month = None,
    topic: Annotated[str | None, typer.Option(help="Topic to publish to.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Prepare and count the trips; publish nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish even if nearly all trips would be quarantined.")
    ] = False,
) -> None:
    """Publish months in event order, at any speed; resume after an interruption."""
    settings = ProducerSettings.from_environment()
    if topic:
        settings = settings.model_copy(update={"trips_topic": topic})
    pace = Pace(parse_speedup(speedup or ("1" if shift_to_now else "max")), is_live=shift_to_now)
    arrival = Arrival(disorder_seconds=disorder, lateness=lateness, seed=seed)
    request = ReplayRequest(files, pace, from_at, to_at, arrival, as_late, dry_run, processes, force)
    replay_files(request, Naming(taxi_type, month, settings.tlc_data_dir), settings, _console())


@app.command()
def inspect(
    files: Files,
    taxi_type: TaxiType = None,
    month: Month = None,
    force: Annotated[
        bool, typer.Option("--force", help="Exit with 0 even if nearly all trips would be quarantined.")
    ] = False,
) -> None:
    """Print what months contain: rows, valid trips, quarantined trips by rule, columns."""
    settings = ProducerSettings.from_environment()
    naming = Naming(taxi_type, month, settings.tlc_data_dir)
    if not inspect_files(files, naming, settings, _console(), force=force):
        raise typer.Exit(FAILED)


app.command()(fetch)
app.command()(generate)


def main() -> None:
    """Run a command; an error is one line on stderr and an exit code: 1, or 2 for a wrong command line."""
    keep_utc()
    try:
        code = app(prog_name=program_name(), standalone_mode=False)
    except UserError as error:
        _fail(f"error: {error}", FAILED)
    except StoppedByUser as stop:
        _fail(str(stop), INTERRUPTED)
    except typer.TyperException as error:
        _refuse(error)
    except Exception as error:
        if wants_debug():
            raise
        _fail(f"error: {_described(error)}", FAILED)
    raise SystemExit(code)


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False, markup=False)


def _described(error: Exception) -> str:
    """Describe an error of the file system by its path, and any other as unexpected."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.filename or 'the output'}: no space left on the disk; make space and run it again"
    if isinstance(error, OSError) and error.filename:
        return (
            f"{error.filename}: {error.strerror}; the files must be readable, and TAXI_HOME and"
            " TAXI_CACHE_DIR folders in which this user may write"
        )
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"unexpected error: {what}; run with TAXI_DEBUG=1 for the traceback"


def _refuse(error: typer.TyperException) -> NoReturn:
    """Print what is wrong with the command line; an empty message means that help was printed instead."""
    if not (message := " ".join(error.format_message().split())):
        raise SystemExit(error.exit_code)
    context = getattr(error, "ctx", None)
    remedy = f"see {context.command_path if context else program_name()} --help"
    _fail(f"error: {message.rstrip('.')}; {remedy}", error.exit_code)


def _fail(line: str, exit_code: int) -> NoReturn:
    typer.echo(line, err=True)
    raise SystemExit(exit_code)
