"""Roles, passwords and tables on the database that Terraform has created."""

import json
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from control_plane.sink import table_sets as tables
from schemas.aws import AwsService, aws_client, translate_aws_errors
from schemas.errors import UserError
from stack.security.database_roles import ensure_roles

REGISTRY = "registry"
"""The role of the registry, which has its own schema and creates its own tables."""
PASSWORD_LENGTH = 40
SECRETS = AwsService(denied="use an administrator's credentials")


def set_up(dsn: str, passwords: Mapping[str, str]) -> None:
    """Create the missing roles, the registry's schema and the tables."""
    try:
        _set_up(dsn, passwords)
    except psycopg.OperationalError as error:
        place, reason = conninfo_to_dict(dsn), " ".join(str(error).split())
        raise UserError(
            f"no database answers at {place['host']}:{place['port']}: {reason}",
            "forward its port first: see terraform/README.md",
        ) from None


def _set_up(dsn: str, passwords: Mapping[str, str]) -> None:
    ensure_roles(dsn, passwords)
    if REGISTRY in passwords:
        with psycopg.connect(dsn) as connection:
            name = sql.Identifier(REGISTRY)
            # The creator of a role may grant it but is not a member; without membership it creates nothing
            # for the role.
            connection.execute(sql.SQL("grant {} to current_user").format(name))
            connection.execute(sql.SQL("create schema if not exists {0} authorization {0}").format(name))
    tables.set_up(dsn)


def read_owner(secret: str) -> dict[str, str]:
    """Read the login of the database's owner, as AWS has created it."""
    with translate_aws_errors(secret, SECRETS):
        written = json.loads(_client(secret).get_secret_value(SecretId=secret)["SecretString"])
    return {"user": written["username"], "password": written["password"]}


def ensure_password(secret: str) -> str:
    """Return the password in a secret; set one if the secret is empty."""
    with translate_aws_errors(secret, SECRETS):
        client = _client(secret)
        try:
            return str(client.get_secret_value(SecretId=secret)["SecretString"])
        except client.exceptions.ResourceNotFoundException:
            parameters = {"PasswordLength": PASSWORD_LENGTH, "ExcludePunctuation": True}
            password = str(client.get_random_password(**parameters)["RandomPassword"])
            client.put_secret_value(SecretId=secret, SecretString=password)
            return password


def _client(secret: str) -> Any:
    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    return aws_client("secretsmanager", region=secret.split(":")[3])
