"""`./taxi job package`: a separate module, because Airflow on AWS lacks its imports and does not use it."""

from pathlib import Path
from typing import Annotated

import typer

from control_plane.delivery.flink_zip import write_package
from stack.console import output
from stack.settings import ROOT
from taxi_cli.options import Source


def package(
    to: Annotated[Path, typer.Option(help="Where to write the zip.")],
    source: Source = ROOT,
) -> None:
    """Write the code zip for an application of the managed service."""
    write_package(to.absolute(), source.absolute())
    size = to.stat().st_size
    output().print(
        f"{to}, {size / 1e6:,.1f} MB: upload it as MANAGED_FLINK_CODE_KEY", highlight=False, soft_wrap=True
    )
