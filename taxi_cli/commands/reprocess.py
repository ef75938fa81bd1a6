"""`./taxi reprocess`: months again, through the same Flink SQL, next to the live job."""

from pathlib import Path
from typing import Annotated

import typer

from control_plane.months import reprocess as runs
from control_plane.months.approval import Approval
from schemas.errors import UserError
from stack.endpoints import Endpoints


def reprocess(  # noqa: PLR0913, PLR0917 - one parameter an option
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", help="TLC months: Parquet, CSV or CSV.gz.", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the files hold and what is served; do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before trips are withdrawn.")] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also withdraw much of a month, or take one nearly all quarantined."),
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep topic and tables of the run for a look.")
    ] = False,
    undo: Annotated[str | None, typer.Option(help="Take back what this run published.")] = None,
    discard: Annotated[str | None, typer.Option(help="Remove what this run has left.")] = None,
) -> None:
    """Replace months by what the served release makes of these files, while the live job goes on."""
    if sum((bool(files), bool(undo), bool(discard))) != 1:
        raise UserError("give files, or --undo RUN, or --discard RUN", "./taxi reprocess --help")
    endpoints = Endpoints.of_running_stack()
    if undo:
        runs.undo(endpoints, undo)
    elif discard:
        runs.discard(endpoints, discard)
    elif dry_run:
        runs.dry_run(endpoints, files or [], force=force)
    else:
        approval = Approval.at_terminal(yes=yes, force=force)
        runs.reprocess(endpoints, files or [], approval, keep=keep)
