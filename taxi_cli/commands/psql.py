"""`./taxi psql`."""

import typer

from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.services.postgres_installation import client_program
from stack.settings import POSTGRES
from taxi_cli.forwarding import replace_process


def psql(context: typer.Context) -> None:
    """Run psql on the sink."""
    endpoints = Endpoints.of_platform(POSTGRES)
    if endpoints.secrets:
        raise UserError("the bundled psql does not support TLS", "use ./taxi sql, or another psql")
    command = [str(client_program("psql")), endpoints.postgres_dsn, *context.args]
    replace_process(command, endpoints.as_environment())
