"""The arguments and options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

from control_plane.settings import Backend

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Job, a folder of flink_jobs/; or a version of it, for example zone_fares-2."
    ),
]
Job = Annotated[str, typer.Argument(metavar="NAME", help="Job, a folder of flink_jobs/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
On = Annotated[Backend | None, typer.Option(help="Where the job runs; default: FLINK_BACKEND, else local.")]
DryRun = Annotated[bool, typer.Option(help="Print the requests to the managed service; send none.")]
Source = Annotated[
    Path,
    typer.Option(help="Source tree with flink_jobs/ and schemas/.", show_default="this tree"),
]
