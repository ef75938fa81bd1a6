"""`./taxi sql`."""

import csv
import sys
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table

from stack import database
from stack.console import console, output
from stack.database import Rows
from stack.endpoints import Endpoints
from stack.settings import POSTGRES
from taxi_cli.questions import QUESTIONS, query_named


def sql(
    statement: Annotated[
        str,
        typer.Argument(
            metavar="STATEMENT",
            help='For example "select * from taxi.zone_fares_now", or the name of a question.',
            autocompletion=lambda: [question.name for question in QUESTIONS],
        ),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """Run a query on the sink."""
    rows = database.query(Endpoints.of_platform(POSTGRES).reader_dsn, query_named(statement))
    if not rows.columns:
        console().print(rows.status, highlight=False)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows(rows.rows)
    else:
        output().print(_table(rows))


# The blank lines keep each question on a line of its own.
sql.__doc__ = "\n\n".join(
    [
        sql.__doc__ or "",
        "Names of questions; the answers for the month of the demo are in docs/how-to/ten-questions.md:",
        *(f"{question.name}: {question.text}" for question in QUESTIONS),
    ]
)


def _table(rows: Rows) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for index, column in enumerate(rows.columns):
        numeric = any(isinstance(row[index], int | float | Decimal) for row in rows.rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*("" if value is None else _plain(value) for value in row))
    table.caption = f"{len(rows.rows)} row{'' if len(rows.rows) == 1 else 's'}"
    return table


def _plain(value: object) -> str:
    # Zone names hold brackets and slashes, which rich would parse as markup.
    return str(value).replace("[", r"\[")
