"""`./taxi flink`."""

import typer

from stack.endpoints import Endpoints
from stack.services.flink import client_environment
from stack.settings import FLINK
from stack.toolchain.flink_wheel import distribution
from taxi_cli.forwarding import replace_process


def flink(context: typer.Context) -> None:
    """Run Flink's command line on the stack's cluster."""
    endpoints = Endpoints.of_platform(FLINK)
    program = distribution() / "bin" / "flink"
    environment = {**endpoints.as_environment(), **client_environment(endpoints)}
    replace_process([str(program), *context.args], environment)
