"""What boto3 raises, as one line with the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from schemas.errors import UserError

DENIED = {
    "403",
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
}
NO_BUCKET = {"404", "NoSuchBucket"}


class ObjectStoreError(UserError):
    """S3 refuses or is away; the message is one line for the user."""


@contextmanager
def translate_store_errors(bucket: str, endpoint: str) -> Iterator[None]:
    """Raise ObjectStoreError instead of what boto3 raises."""
    try:
        yield
    except ClientError as error:
        raise _refused(error, bucket, endpoint) from None
    except (NoCredentialsError, PartialCredentialsError):
        raise ObjectStoreError(
            "no AWS credentials were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        ) from None
    except (NoConnectionError, HTTPClientError) as error:
        raise ObjectStoreError(
            f"S3 at {endpoint} does not answer ({error})", "check S3_ENDPOINT_URL and that the server runs"
        ) from None
    except (BotoCoreError, ValueError) as error:
        raise ObjectStoreError(f"cannot use s3://{bucket} at {endpoint} ({error})") from None


def _refused(error: ClientError, bucket: str, endpoint: str) -> ObjectStoreError:
    code = code_of(error)
    if code in NO_BUCKET:
        return ObjectStoreError(
            f"there is no bucket {bucket} at {endpoint}", "make it first, or name another with --to"
        )
    if code in DENIED:
        return ObjectStoreError(
            f"access to s3://{bucket} at {endpoint} is denied ({code})",
            "check the credentials and their rights to list, read and write the bucket",
        )
    return ObjectStoreError(f"s3://{bucket} at {endpoint} refused: {error}")


def code_of(error: ClientError) -> str:
    """S3's name of what is wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))
