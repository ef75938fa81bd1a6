"""The password of a database that the environment gives: from a file, or from AWS Secrets Manager."""

import json
from pathlib import Path
from urllib.parse import quote, urlsplit

from schemas.aws import AwsService, aws_client, translate_aws_errors
from schemas.errors import UserError

SECRETS_MANAGER = AwsService(
    name="AWS Secrets Manager", denied="give the role that runs this command access to POSTGRES_SECRET_ARN"
)


def with_password(dsn: str, *, file: str, secret: str) -> str:
    """Put the password of a file, or of a secret, into the DSN; one that has a password keeps it."""
    place = urlsplit(dsn)
    if not dsn or place.password or not (file or secret):
        return dsn
    if place.scheme not in {"postgresql", "postgres"} or not place.username:
        raise UserError(
            "POSTGRES_DSN is not an address with a user, to which the password could be added",
            "write it as postgresql://user@host:5432/database",
        )
    password = quote(_password_in_file(file) if file else _password_in_secret(secret), safe="")
    user, _, host = place.netloc.rpartition("@")
    return place._replace(netloc=f"{user}:{password}@{host}").geturl()


def _password_in_file(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"POSTGRES_PASSWORD_FILE={path} cannot be read ({reason})", "set it to a file with the password"
        ) from None


def _password_in_secret(arn: str) -> str:
    """Fetch the text of the secret, or its field `password`, as RDS writes it."""
    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
    region = dict(enumerate(arn.split(":"))).get(3)
    with translate_aws_errors(arn, SECRETS_MANAGER):
        answer = aws_client("secretsmanager", region=region).get_secret_value(SecretId=arn)
    text = str(answer["SecretString"])
    return str(json.loads(text)["password"]) if text.startswith("{") else text
