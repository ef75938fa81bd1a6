"""`./taxi reprocess`: months again, through the same Flink SQL, next to the live job."""

from pathlib import Path
from typing import Annotated

import typer

from control_plane.months import reprocess as runs
from control_plane.months.approval import Approval
from control_plane.settings import require_own_flink
from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.settings import ADDRESSES


def reprocess(  # noqa: PLR0913, PLR0917 - one parameter an option
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", help="TLC months: Parquet, CSV or CSV.gz.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before withdrawing trips.")] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Publish even if much of a month is withdrawn or quarantined."),
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the run's topic and tables for inspection.")
    ] = False,
    undo: Annotated[str | None, typer.Option(help="Undo what this run published.")] = None,
    discard: Annotated[str | None, typer.Option(help="Remove what this run left behind.")] = None,
) -> None:
    """Reprocess months from these files with the served release, while the live job keeps running."""
    if sum((bool(files), bool(undo), bool(discard))) != 1:
        raise UserError("give files, or --undo RUN, or --discard RUN", "see ./taxi reprocess --help")
    require_own_flink("./taxi reprocess", "run ./taxi backfill instead, whose engine is Spark")
    endpoints = Endpoints.of_platform(*ADDRESSES)
    if undo:
        runs.undo(endpoints, undo)
    elif discard:
        runs.discard(endpoints, discard)
    elif dry_run:
        runs.dry_run(endpoints, files or [], force=force)
    else:
        approval = Approval.at_terminal(yes=yes, force=force)
        runs.reprocess(endpoints, files or [], approval, keep=keep)
