"""Roles, passwords and tables on the database that Terraform has made."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from control_plane.aws import code_of, message_of, translate_missing_settings
from control_plane.sink import table_sets as tables
from schemas.errors import UserError
from stack.security.database_roles import ensure_roles

REGISTRY = "registry"
"""A role that has a schema of its own, and makes its tables by itself."""
PASSWORD_LENGTH = 40


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
        parameters = {"PasswordLength": PASSWORD_LENGTH, "ExcludePunctuation": True}
        password = str(client.get_random_password(**parameters)["RandomPassword"])
        client.put_secret_value(SecretId=secret, SecretString=password)
        return password


def _client(secret: str) -> Any:
    import boto3  # noqa: PLC0415 - slow to import

    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    return boto3.client("secretsmanager", region_name=secret.split(":")[3])


@contextmanager
def _translate_errors(through: str) -> Iterator[None]:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        with translate_missing_settings():
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
