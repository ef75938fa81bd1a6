"""`./taxi aws-database`: roles, passwords and tables on the database that Terraform has made."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg import sql
from psycopg.conninfo import make_conninfo

from stack import tables
from stack.aws_errors import code_of, message_of, missing_settings_told
from stack.console import console
from stack.errors import UserError
from stack.security.database_roles import ensure_roles

REGISTRY = "registry"
"""A role that has a schema of its own, and makes its tables by itself."""
PASSWORD_LENGTH = 40


def aws_database(
    operations: Annotated[
        Path, typer.Option(help="A file: `terraform output -json operations`.", exists=True)
    ],
    through: Annotated[
        str, typer.Option(help="Where its port is forwarded to on this machine.")
    ] = "127.0.0.1:15432",
) -> None:
    """Make the roles of the programs and the tables on AWS, and give each empty secret its password."""
    try:
        found: Mapping[str, Any] = json.loads(operations.read_text())
        owner_secret, role_secrets = found["owner_secret_arn"], dict(found["role_secret_arns"])
        database = str(found["postgres_database"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{operations} is no output of Terraform ({error})",
            "terraform output -json operations > operations.json",
        ) from None
    host, _, port = through.partition(":")
    place = {"host": host, "port": port, "dbname": database, "sslmode": "require"}
    with _told_plainly(through):
        login = _owner(owner_secret)
        passwords = {role: _ensured_password(secret) for role, secret in role_secrets.items()}
        set_up(make_conninfo("", **place, **login), passwords)
    console().print(f"{len(passwords)} roles and the tables are there", highlight=False)


def set_up(dsn: str, passwords: Mapping[str, str]) -> None:
    """Roles, the registry's schema and the tables; what is there already stays."""
    ensure_roles(dsn, passwords)
    if REGISTRY in passwords:
        with psycopg.connect(dsn) as connection:
            name = sql.Identifier(REGISTRY)
            # Who makes a role may hand it out, and is not in it: without being in it he makes nothing for it.
            connection.execute(sql.SQL("grant {} to current_user").format(name))
            connection.execute(sql.SQL("create schema if not exists {0} authorization {0}").format(name))
    tables.set_up(dsn)


def _owner(secret: str) -> dict[str, str]:
    written = json.loads(_client(secret).get_secret_value(SecretId=secret)["SecretString"])
    return {"user": written["username"], "password": written["password"]}


def _ensured_password(secret: str) -> str:
    client = _client(secret)
    try:
        return str(client.get_secret_value(SecretId=secret)["SecretString"])
    except client.exceptions.ResourceNotFoundException:
        wish = {"PasswordLength": PASSWORD_LENGTH, "ExcludePunctuation": True}
        made = str(client.get_random_password(**wish)["RandomPassword"])
        client.put_secret_value(SecretId=secret, SecretString=made)
        return made


def _client(secret: str) -> Any:
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import

    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    return boto3.client("secretsmanager", region_name=secret.split(":")[3])


@contextmanager
def _told_plainly(through: str) -> Iterator[None]:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        with missing_settings_told():
            yield
    except ClientError as error:
        raise UserError(
            f"AWS refuses: {code_of(error)}: {message_of(error)}", "use an administrator's credentials"
        ) from None
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"no database answers at {through}: {reason}", "forward its port first: terraform/README.md"
        ) from None
