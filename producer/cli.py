"""The commands of `python -m producer`, and the one place where an error becomes a line and an exit code."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from producer.errors import StoppedByUser, UserError
from producer.fetch import fetch
from producer.generate import generate
from producer.inspection import inspect as inspect_files
from producer.months import Naming
from producer.pace import parse_speedup
from producer.replay import Request
from producer.replay import replay as replay_files
from producer.settings import Settings

FAILED = 1
INTERRUPTED = 130

Files = Annotated[list[Path], typer.Argument(help="TLC months: Parquet, CSV or CSV.gz.", show_default=False)]
TaxiType = Annotated[str | None, typer.Option(help="yellow or green, when the file's name does not tell.")]
Month = Annotated[str | None, typer.Option(help="Like 2024-01, when the file's name does not tell.")]

app = typer.Typer(
    help="Publish TLC taxi trips as they happened.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def replay(  # noqa: PLR0913, PLR0917 - one parameter an option
    files: Files,
    speedup: Annotated[str, typer.Option(help="Event seconds a second, or max.")] = "max",
    from_at: Annotated[datetime | None, typer.Option("--from", help="Start here (New York time).")] = None,
    to_at: Annotated[datetime | None, typer.Option("--to", help="Stop before this (New York time).")] = None,
    as_late: Annotated[
        bool, typer.Option("--as-late", help="Publish trips that the stream has passed.")
    ] = False,
    taxi_type: TaxiType = None,
    month: Month = None,
    topic: Annotated[str | None, typer.Option(help="Topic to publish to.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Prepare and count, publish nothing.")] = False,
) -> None:
    """Publish months as they happened, at any speed; resumes after a kill."""
    settings = Settings.from_environment()
    if topic:
        settings = settings.model_copy(update={"trips_topic": topic})
    request = Request(files, parse_speedup(speedup), from_at, to_at, as_late, dry_run)
    replay_files(request, Naming(taxi_type, month, settings.tlc_data_dir), settings, _console())


@app.command()
def inspect(files: Files, taxi_type: TaxiType = None, month: Month = None) -> None:
    """Say what is in months: rows, valid trips, quarantined trips by rule, columns."""
    settings = Settings.from_environment()
    inspect_files(files, Naming(taxi_type, month, settings.tlc_data_dir), settings, _console())


app.command()(fetch)
app.command()(generate)


def main() -> None:
    """Run a command; an error is one line on stderr."""
    try:
        app(prog_name="taxi")
    except UserError as error:
        _fail(f"error: {error}", FAILED)
    except StoppedByUser as stop:
        _fail(str(stop), INTERRUPTED)


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False, markup=False)


def _fail(line: str, exit_code: int) -> None:
    typer.echo(line, err=True)
    raise SystemExit(exit_code)
