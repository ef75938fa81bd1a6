"""`./taxi down`."""

from typing import Annotated

import typer

from stack import lifecycle


def down(purge: Annotated[bool, typer.Option("--purge", help="Also remove the data.")] = False) -> None:
    """Stop the local stack."""
    lifecycle.down(purge=purge)
