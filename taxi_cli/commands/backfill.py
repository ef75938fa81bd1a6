"""`./taxi backfill`: months by Spark, compared with what is served, and published."""

from typing import Annotated

import typer

from control_plane.months import backfill as runs
from control_plane.months.approval import Approval
from control_plane.months.history import History
from control_plane.months.reprocess import undo as take_back
from control_plane.settings import HistorySettings, SparkSettings, SparkTarget
from control_plane.spark.places import backend
from schemas.errors import UserError
from schemas.tlc_month import parse_months
from stack.database import translate_outage
from stack.endpoints import Endpoints
from stack.settings import POSTGRES


def backfill(  # noqa: PLR0913, PLR0917 - one parameter an option
    taxi_type: Annotated[str, typer.Option(help="yellow, green or fhvhv.", show_default=False)] = "",
    month: Annotated[
        list[str] | None, typer.Option(help="Month or range: 2024-01, 2024-01:2024-06; repeatable.")
    ] = None,
    on: Annotated[
        SparkTarget | None, typer.Option(help="Where Spark runs; default: SPARK_BACKEND, else local.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan; change nothing.")] = False,
    fetch_only: Annotated[bool, typer.Option("--fetch-only", help="Fetch the files, then stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before withdrawing trips.")] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Publish even if much of a month is withdrawn or quarantined."),
    ] = False,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Replace months that the TLC has re-issued by their new files."),
    ] = False,
    undo: Annotated[str | None, typer.Option(help="Undo what this run published.")] = None,
) -> None:
    """Rebuild months with Spark from the TLC's files: fetch, process, compare, publish."""
    if bool(month) == bool(undo) or bool(month) != bool(taxi_type):
        raise UserError("give --taxi-type and --month, or --undo RUN", "see ./taxi backfill --help")
    endpoints = Endpoints.of_platform(POSTGRES)
    if undo:
        take_back(endpoints, undo)
        return
    months = parse_months(taxi_type, month or [])
    history = History.of(HistorySettings.from_environment())
    job = runs.Backfill(endpoints, months, history, backend(SparkSettings.from_environment(), on))
    with translate_outage():
        if dry_run:
            job.print_plan()
        elif fetch_only:
            job.fetch(refresh=refresh)
        else:
            job.execute(Approval.at_terminal(yes=yes, force=force), refresh=refresh)
