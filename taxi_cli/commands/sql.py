"""`./taxi sql`."""

import csv
import sys
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table

from schemas.errors import UserError
from stack import database
from stack.console import console, output, plain
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
    dsn = Endpoints.of_platform(POSTGRES).reader_dsn
    try:
        rows = database.query(dsn, query_named(statement))
    except database.StatementError as error:
        raise _refusal(statement, error) from error
    if not rows.columns:
        console().print(rows.status or "nothing to run", highlight=False)
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
        table.add_column(plain(column), justify="right" if numeric else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*("" if value is None else plain(value) for value in row))
    table.caption = f"{len(rows.rows)} row{'' if len(rows.rows) == 1 else 's'}"
    return table


def _refusal(statement: str, error: database.StatementError) -> UserError:
    """Add what to do, where the statement was meant for another command, or is not one at all."""
    if error.is_copy:
        return UserError(
            "COPY has no rows that this command can show", "use ./taxi sql --csv, or ./taxi psql"
        )
    if error.is_syntax and len(statement.split()) == 1:
        names = ", ".join(question.name for question in QUESTIONS)
        return UserError(error.message, f"write SQL, or the name of a question: {names}")
    return error
