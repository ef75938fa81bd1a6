"""`./taxi spark`."""

import typer

from control_plane.settings import SparkSettings
from control_plane.spark.local_submit import environment, s3_options, submit_command
from taxi_cli.forwarding import replace_process


def spark(context: typer.Context) -> None:
    """Run spark-submit: ./taxi spark batch_backfill/__main__.py process --help."""
    settings = SparkSettings.from_environment()
    options = s3_options(context.args, settings)
    # This environment makes our packages importable.
    replace_process(submit_command([*options, *context.args]), environment(settings.home))
