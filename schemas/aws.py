"""AWS access of every program, and the error messages for when AWS refuses or is unreachable.

It is in `schemas` because the producer, the jobs and the control plane all call AWS, and `schemas` is the
only package that they may all import. Clusters have it without boto3, which is also slow to import: the first
client loads `schemas.aws_sdk`, and boto3 with it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from schemas.errors import TransientError, UserError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

SDK = "schemas.aws_sdk"
ATTEMPTS = 4

S3_SCHEMES = ("s3", "s3a", "s3n")
"""AWS' own programs write the first, Hadoop the others."""

ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound", "ResourceNotFoundException"})
BUSY = frozenset({"ConcurrentModificationException", "ConflictException", "ResourceInUseException"})
DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes handled like the servers' own errors (5xx): boto3 has retried and given up."""


class AwsError(UserError):
    """AWS refuses a request, or cannot be reached."""


class TransientAwsError(AwsError, TransientError):
    """AWS gave no answer yet; the requested action may or may not have happened."""


class AwsNotFoundError(AwsError):
    """The named resource does not exist in AWS."""


class AwsBusyError(AwsError):
    """Another operation on the resource is in progress."""


@dataclass(frozen=True)
class AwsService:
    """Texts for a service's errors, in addition to AWS' own: its name, and the remedy for each failure."""

    name: str = "AWS"
    unreachable: str = "check the network"
    denied: str = "check the credentials and their permissions"
    absent: str = "there is no {what}"
    """Sentence for a missing resource; {message} in it is AWS' own text."""
    absent_remedy: str = "check its name, the account and AWS_REGION"
    invalid: str = "check its name and the settings"
    refused: Mapping[str, str] = field(default_factory=dict)
    """Remedies for other refusals, by AWS' error code."""


ANY_SERVICE = AwsService()


@contextmanager
def translate_aws_errors(what: str, service: AwsService = ANY_SERVICE) -> Iterator[None]:
    """Raise AwsError with the remedy instead of boto3's errors; `what` names the subject of the request."""
    try:
        yield
    except Exception as error:
        translated: AwsError | None = resolve_name(f"{SDK}:translated")(error, what, service)
        if translated is None:
            raise
        raise translated from None


def aws_client(
    name: str, *, region: str | None = None, endpoint_url: str | None = None, attempts: int = ATTEMPTS
) -> Any:
    """Return a client with the credentials of AWS' default chain; `attempts` includes the first."""
    client: Callable[..., Any] = resolve_name(f"{SDK}:client")
    return client(name, region=region, endpoint_url=endpoint_url, attempts=attempts)


def error_code(error: "ClientError") -> str:
    """Return AWS' error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_absent(error: "ClientError") -> bool:
    """Return whether the error means that the resource does not exist."""
    return error_code(error) in ABSENT


def is_s3_uri(address: str) -> bool:
    """Return whether an address names S3 instead of a local folder."""
    scheme, separator, _ = address.partition("://")
    return bool(separator) and scheme in S3_SCHEMES


def parse_s3_uri(address: str) -> tuple[str, str]:
    """Split s3://bucket/key into bucket and key; raises UserError for another address."""
    bucket, _, key = address.partition("://")[2].partition("/")
    if not is_s3_uri(address) or not bucket:
        raise UserError(f"{address!r} is not an S3 address", "write it as s3://bucket/folder")
    return bucket, key
