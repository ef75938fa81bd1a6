"""`./taxi airflow`."""

import typer

from schemas.errors import UserError
from stack import lifecycle
from stack.services import airflow as service
from stack.settings import StackSettings
from taxi_cli.forwarding import replace_process


def airflow(context: typer.Context) -> None:
    """Run Airflow's command line on the stack's Airflow."""
    site = lifecycle.running_site(StackSettings.from_environment())
    if service.NAME not in site.extra_ports:
        raise UserError("this stack has no Airflow", "run ./taxi up --with airflow")
    replace_process([str(service.program()), *context.args], service.environment(site))
