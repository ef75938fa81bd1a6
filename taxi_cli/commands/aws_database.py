"""`./taxi aws-database`: roles, passwords and tables on the database that Terraform has created."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg.conninfo import make_conninfo

from control_plane.sink.aws_database import ensure_password, read_owner, set_up
from schemas.errors import UserError
from stack.console import console


def aws_database(
    operations: Annotated[
        Path, typer.Option(help="File with the output of `terraform output -json operations`.", exists=True)
    ],
    through: Annotated[
        str, typer.Option(help="Local address that is forwarded to the database.")
    ] = "127.0.0.1:15432",
) -> None:
    """Create the database roles and tables on AWS, and store a password in each empty secret."""
    try:
        found: Mapping[str, Any] = json.loads(operations.read_text())
        owner_secret, role_secrets = found["owner_secret_arn"], dict(found["role_secret_arns"])
        database = str(found["postgres_database"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{operations} is not an output of Terraform ({error})",
            "run terraform output -json operations > operations.json",
        ) from None
    host, _, port = through.partition(":")
    place = {"host": host, "port": port, "dbname": database, "sslmode": "require"}
    login = read_owner(owner_secret)
    passwords = {role: ensure_password(secret) for role, secret in role_secrets.items()}
    set_up(make_conninfo("", **place, **login), passwords)
    console().print(f"{len(passwords)} roles and the tables exist", highlight=False)
