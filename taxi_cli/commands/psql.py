"""`./taxi psql`."""

import typer

from schemas.errors import UserError
from stack.endpoints import Endpoints
from stack.services.postgres_installation import client_program
from taxi_cli.forwarding import replace_process


def psql(context: typer.Context) -> None:
    """Postgres' own command line, on the sink."""
    endpoints = Endpoints.of_running_stack()
    if endpoints.secrets:
        raise UserError(
            "the psql that comes with the platform knows no TLS", "use ./taxi sql, or a psql of your own"
        )
    command = [str(client_program("psql")), endpoints.postgres_dsn, *context.args]
    replace_process(command, endpoints.as_environment())
