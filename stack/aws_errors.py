"""What every service of AWS may say, and what boto3 says where AWS' own settings are missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (  # type: ignore[import-untyped]
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    TokenRetrievalError,
)

from stack.errors import UserError

DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
    "403",
}


@contextmanager
def missing_settings_told() -> Iterator[None]:
    """Raise UserError where there are no credentials or no region."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, TokenRetrievalError):
        raise UserError(
            "no AWS credentials were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        ) from None
    except NoRegionError:
        raise UserError("no AWS region is set", "set AWS_REGION") from None


def code_of(error: ClientError) -> str:
    """AWS' name of what is wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """What AWS says of it."""
    return str(error.response.get("Error", {}).get("Message", "")).strip()
