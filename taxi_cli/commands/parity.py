"""`./taxi parity`."""

import json
from typing import Annotated

import typer

from control_plane.months.history import History
from control_plane.months.parity import Parity
from control_plane.settings import HistorySettings
from schemas.tlc_month import parse_months
from stack.database import translate_outage
from stack.endpoints import Endpoints
from stack.settings import POSTGRES
from taxi_cli.options import AsJson


def parity(
    taxi_type: Annotated[str, typer.Option(help="yellow, green or fhvhv.")],
    month: Annotated[list[str], typer.Option(help="Month or range: 2024-01, 2024-01:2024-06; repeatable.")],
    as_json: AsJson = False,
) -> None:
    """Compare months of Spark with those of the stream; exit 1 if a difference is unexplained.

    Exit 3: the stream has no rows of a month.
    """
    history = History.of(HistorySettings.from_environment())
    with translate_outage():
        result = Parity.of(Endpoints.of_platform(POSTGRES), history, parse_months(taxi_type, month))
    if as_json:
        print(json.dumps(result.as_data(), indent=2))  # noqa: T201 - data for programs
    else:
        result.print()
    if result.exit_code:
        raise typer.Exit(result.exit_code)
