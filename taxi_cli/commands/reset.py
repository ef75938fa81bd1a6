"""`./taxi reset`."""

from typing import Annotated

import typer

from control_plane.jobs.reset import reset as start_over
from control_plane.jobs.reset import stored_files
from stack.endpoints import Endpoints


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False) -> None:
    """Start over: empty the topic and the tables, and remove the job's state."""
    endpoints = Endpoints.of_running_stack()
    files = ", ".join(stored_files(endpoints)) or "nothing"
    if not yes:
        typer.confirm(f"Remove the trips of {files} from Kafka and Postgres?", abort=True)
    start_over(endpoints)
